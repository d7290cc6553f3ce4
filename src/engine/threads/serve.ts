/** An encoding thread's work: an engine of its own, one row group after the other. */
import { IcestreamError } from '../../errors.ts';
import type { Encoder } from '../encoder.ts';
import type { Batch, Engine } from '../engine.ts';
import { createEngine } from '../wasm/engine.ts';
import { type EncodeAnswer, type EncodeRequest, type Setup, transferred } from './protocol.ts';

/** Takes the messages of one thread, in order. */
export function server(
  answer: (message: EncodeAnswer, transfer: ArrayBuffer[]) => void,
): (message: Setup | EncodeRequest) => void {
  let setup: Setup | null = null;
  let started: { readonly engine: Engine; readonly idle: Encoder } | null = null;
  return (message) => {
    if ('module' in message) {
      setup = message;
      return;
    }
    try {
      if (setup === null) throw new IcestreamError('ENGINE_FAILED', 'rows came to an encoding thread before its setup');
      started ??= start(setup);
      const { engine } = started;
      const part = engine.encodePart(setup.options, batchesOf(engine, message));
      const buffers = transferred(message.streams);
      const { memoryBytes } = engine;
      answer({ part, memoryBytes, buffers }, [...transferred([...part.pieces, part.tail]), ...buffers]);
    } catch (error) {
      answer({ error: asMessage(error) }, []);
    }
  };
}

/** What encoders with the same options share is kept while there is one of them. */
function start({ module, engineBytes, options }: Setup): { readonly engine: Engine; readonly idle: Encoder } {
  const engine = createEngine(module, engineBytes);
  return { engine, idle: engine.encoder(options) };
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

function asMessage(error: unknown): Extract<EncodeAnswer, { error: unknown }>['error'] {
  if (error instanceof IcestreamError) return { code: error.code, message: error.message, place: error.place };
  return { code: 'ENGINE_FAILED', message: error instanceof Error ? error.message : String(error), place: {} };
}
