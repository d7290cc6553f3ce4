/** An encoding thread's work: an engine of its own, one row group after the other, one write after the other. */
import { IcestreamError } from '../../errors.ts';
import type { Encoder, EncoderOptions } from '../encoder.ts';
import type { Batch, Engine } from '../engine.ts';
import { createEngine } from '../wasm/engine.ts';
import {
  type EncodedRows,
  type EncodeRequest,
  type ThreadAnswer,
  type ThreadRequest,
  transferred,
} from './protocol.ts';

/** Takes the messages of one thread, in order. */
export function server(
  answer: (message: ThreadAnswer, transfer: ArrayBuffer[]) => void,
): (message: ThreadRequest) => void {
  let engine: Engine | null = null;
  let write: { readonly options: EncoderOptions; readonly idle: Encoder } | null = null;

  const serve = (message: ThreadRequest): EncodedRows | null => {
    if ('module' in message) {
      engine = createEngine(message.module, message.engineBytes);
      return null;
    }
    if (engine === null) throw new IcestreamError('ENGINE_FAILED', 'an encoding thread has no engine');
    if ('options' in message) {
      write?.idle.free();
      write = null;
      // What encoders with the same options share is kept while there is one of them.
      if (message.options !== null) write = { options: message.options, idle: engine.encoder(message.options) };
      return null;
    }
    if (write === null) throw new IcestreamError('ENGINE_FAILED', 'rows came to an encoding thread before their write');
    const part = engine.encodePart(write.options, batchesOf(engine, message));
    return { part, buffers: transferred(message.streams) };
  };

  return (message) => {
    let encoded: EncodedRows | null = null;
    let error: ThreadAnswer['error'] = null;
    try {
      encoded = serve(message);
    } catch (thrown) {
      error = asMessage(thrown);
    }
    const sent = encoded === null ? [] : transferred([...encoded.part.pieces, encoded.part.tail]);
    answer({ engine: stateOf(engine), encoded, error }, [...sent, ...(encoded?.buffers ?? [])]);
  };
}

function stateOf(engine: Engine | null): ThreadAnswer['engine'] {
  if (engine === null) return null;
  const { alive, memoryBytes } = engine;
  return { alive, memoryBytes, liveBytes: alive ? engine.liveBytes : 0 };
}

function batchesOf(engine: Engine, { streams }: EncodeRequest): Batch[] {
  const batches: Batch[] = [];
  try {
    for (const stream of streams) batches.push(...engine.fromIpc(stream, { trusting: true }));
  } catch (error) {
    for (const batch of batches) batch.free();
    throw error;
  }
  return batches;
}

function asMessage(error: unknown): NonNullable<ThreadAnswer['error']> {
  if (error instanceof IcestreamError) return { code: error.code, message: error.message, place: error.place };
  return { code: 'ENGINE_FAILED', message: error instanceof Error ? error.message : String(error), place: {} };
}
