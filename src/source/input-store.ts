/** An object in a store as bytes. */

import type { RangeReader } from '../engine/engine.ts';
import { type ErrorCode, IcestreamError } from '../errors.ts';
import type { ObjectStat } from '../storage/store.ts';
import type { Bytes } from '../util/bytes.ts';
import { release } from '../util/release.ts';
import type { ByteInput, StoreObject } from './byte-input.ts';
import { streamChunks } from './input-stream.ts';

/** `sizeBytes`: when a listing has said it already. */
export function storeInput(
  object: StoreObject,
  name: string = object.location,
  sizeBytes: number | null = null,
): ByteInput {
  const { store, location } = object;
  let known = sizeBytes;
  return {
    name,
    get sizeBytes() {
      return known;
    },
    replayable: true,
    rangesAreCheap: true,
    async *stream(signal): AsyncGenerator<Bytes, void, undefined> {
      try {
        const stream = await store.stream(location, 0, signal === undefined ? {} : { signal });
        for await (const chunk of streamChunks(stream, signal)) {
          yield chunk;
          release(chunk);
        }
      } catch (error) {
        throw sourceError(error, name);
      }
    },
    async ranges(signal): Promise<RangeReader> {
      const size = sizeBytes ?? (await sizeOf(object, name, signal));
      known = size;
      return {
        sizeBytes: size,
        read: async (start, end, readSignal) => {
          try {
            return await store.read(location, { start, end }, readSignal === undefined ? {} : { signal: readSignal });
          } catch (error) {
            throw sourceError(error, name);
          }
        },
      };
    },
  };
}

async function sizeOf({ store, location }: StoreObject, name: string, signal?: AbortSignal): Promise<number> {
  let stat: ObjectStat | null;
  try {
    stat = await store.stat(location, signal === undefined ? {} : { signal });
  } catch (error) {
    throw sourceError(error, name);
  }
  if (stat === null) throw noSuchFile(name);
  return stat.sizeBytes;
}

const STORE_CODES: readonly ErrorCode[] = [
  'FORBIDDEN',
  'UNAUTHENTICATED',
  'UNAVAILABLE',
  'INVALID_RESPONSE',
  'PRECONDITION_FAILED',
];

/** What a store says of an object that is read, as an error of the source: the table's store has nothing to do with it. */
function sourceError(error: unknown, name: string): unknown {
  if (!(error instanceof IcestreamError)) return error;
  if (error.code === 'NOT_FOUND') return noSuchFile(name, error);
  if (!STORE_CODES.includes(error.code)) return error;
  const message = error.message.includes(name) ? error.message : `${name}: ${error.message}`;
  const { place, retryable } = error;
  return new IcestreamError('SOURCE_UNREADABLE', message, { ...place, file: name, retryable, cause: error });
}

function noSuchFile(name: string, cause?: unknown): IcestreamError {
  return new IcestreamError(
    'SOURCE_UNREADABLE',
    `${name}: there is no such file; check the name (all files of a folder are given as a pattern, like folder/*.csv)`,
    { file: name, ...(cause === undefined ? {} : { cause }) },
  );
}
