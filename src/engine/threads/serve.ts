/** An encoding thread's work: an engine of its own, its share of one row group after the other, one write after the other. */
import { IcestreamError } from '../../errors.ts';
import type { EncodedPart } from '../encoder.ts';
import type { PartRows } from '../wasm/batch.ts';
import { PartEncoder } from '../wasm/part-encoder.ts';
import { type EncodedRows, type EncodeRequest, ownBuffer, type ThreadAnswer, type ThreadRequest } from './protocol.ts';

/** Takes the messages of one thread, in order. */
export function server(
  answer: (message: ThreadAnswer, transfer: ArrayBuffer[]) => void,
): (message: ThreadRequest) => void {
  let encoder: PartEncoder | null = null;

  const serve = (message: ThreadRequest): EncodedRows | null => {
    if ('module' in message) {
      encoder = new PartEncoder(message.module, message.engineBytes);
      return null;
    }
    if (encoder === null) throw new IcestreamError('ENGINE_FAILED', 'an encoding thread has no engine');
    if ('options' in message) {
      encoder.begin(message.options);
      return null;
    }
    const { rows } = message;
    const parts: EncodedPart[] = [];
    for (const part of partsToEncode(message)) parts.push(encoder.encode(rows, part));
    return { parts, buffer: ownBuffer(rows) };
  };

  return (message) => {
    let encoded: EncodedRows | null = null;
    let error: ThreadAnswer['error'] = null;
    try {
      encoded = serve(message);
    } catch (thrown) {
      error = asMessage(thrown, encoder);
    }
    answer({ engine: stateOf(encoder), encoded, error }, encoded === null ? [] : buffersOf(encoded));
  };
}

/** One after the other, when the one before is done: others may take them meanwhile. */
function* partsToEncode({ parts, begun }: EncodeRequest): Generator<PartRows, void, undefined> {
  if (begun === null) return yield* parts;
  for (;;) {
    const part = parts[Atomics.add(begun, 0, 1)];
    if (part === undefined) return;
    yield part;
  }
}

/** They change hands: none of them is shared. */
function buffersOf({ parts, buffer }: EncodedRows): ArrayBuffer[] {
  const made = parts.flatMap(({ pieces, tail }) => [...pieces, tail].map((bytes) => bytes.buffer));
  return buffer === null ? made : [...made, buffer];
}

function stateOf(encoder: PartEncoder | null): ThreadAnswer['engine'] {
  if (encoder === null) return null;
  const { alive, memoryBytes } = encoder;
  return { alive, memoryBytes, liveBytes: alive ? encoder.liveBytes : 0 };
}

function asMessage(error: unknown, encoder: PartEncoder | null): NonNullable<ThreadAnswer['error']> {
  if (!(error instanceof IcestreamError)) {
    return { code: 'ENGINE_FAILED', message: error instanceof Error ? error.message : String(error), place: {} };
  }
  const { code, message, place } = error;
  const isFull = code === 'MEMORY_LIMIT_TOO_SMALL' && encoder !== null;
  return { code, message, place: isFull ? { ...place, neededBytes: encoder.neededBytes } : place };
}
