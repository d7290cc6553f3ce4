/** An object in a store as bytes. */

import type { RangeReader } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import type { ByteInput, StoreObject } from './byte-input.ts';
import { streamChunks } from './input-stream.ts';

/** `sizeBytes`: when a listing has said it already. */
export function storeInput(
  object: StoreObject,
  name: string = object.location,
  sizeBytes: number | null = null,
): ByteInput {
  const { store, location } = object;
  return {
    name,
    sizeBytes,
    replayable: true,
    rangesAreCheap: true,
    async *stream(signal): AsyncGenerator<Bytes, void, undefined> {
      yield* streamChunks(await store.stream(location, 0, signal === undefined ? {} : { signal }), signal);
    },
    async ranges(signal): Promise<RangeReader> {
      const size = sizeBytes ?? (await sizeOf(object, signal));
      return {
        sizeBytes: size,
        read: (start, end, readSignal) =>
          store.read(location, { start, end }, readSignal === undefined ? {} : { signal: readSignal }),
      };
    },
  };
}

async function sizeOf({ store, location }: StoreObject, signal: AbortSignal | undefined): Promise<number> {
  const stat = await store.stat(location, signal === undefined ? {} : { signal });
  if (stat !== null) return stat.sizeBytes;
  throw new IcestreamError('NOT_FOUND', `there is no object ${location}; check the location`, { file: location });
}
