/** An object's bytes as they arrive, asked for again from where they broke off. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { patientReader } from '../../util/patient-reader.ts';
import { defaultRetryPolicy } from '../../util/retry.ts';
import type { S3Location } from '../s3/location.ts';
import { notFound, shown } from '../store-errors.ts';
import type { R2Body } from './binding.ts';
import { getFrom, type R2Calls } from './calls.ts';
import { r2Error } from './errors.ts';

/** Values of a manifest may be views of its chunk, and keep it. */
const CHUNK_BYTES = 256 * 1024;

type Reader = Pick<ReadableStreamDefaultReader<Bytes>, 'read' | 'cancel'>;

export async function streamObject(
  { binding, call }: R2Calls,
  { location, key }: S3Location,
  start: number,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Bytes>> {
  let at = start;
  let etag: string | null = null;
  let size = 0;
  const open = (): Promise<Reader | null> =>
    call(location, signal, async () => {
      const found = await getFrom(binding, key, at);
      if (found === 'beyond') return null;
      if (found === null) throw notFound(location);
      if (etag !== null && found.httpEtag !== etag) {
        await found.body.cancel();
        throw replaced(location);
      }
      etag = found.httpEtag;
      size = found.size;
      return readerOf(found, at);
    });
  let reader = await open();
  let failures = 0;
  return new ReadableStream<Bytes>(
    {
      pull: async (controller) => {
        for (;;) {
          try {
            signal?.throwIfAborted();
            const next = await reader?.read();
            if (next === undefined || next.done) {
              if (at < size) throw new Error('the answer ended early');
              return controller.close();
            }
            at += next.value.length;
            failures = 0;
            return controller.enqueue(next.value);
          } catch (error) {
            signal?.throwIfAborted();
            failures += 1;
            if (failures >= defaultRetryPolicy.maxAttempts) throw r2Error(error, location);
            reader = await open();
          }
        }
      },
      cancel: async (reason) => {
        await reader?.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Chunks are of their own buffers, and large where the runtime can. */
function readerOf({ body, size }: R2Body, start: number): Reader {
  const reader = patientReader(body);
  if (reader === null) return body.getReader();
  let left = size - start;
  return {
    read: async () => {
      const chunk = await reader.fill(new Uint8Array(Math.max(1, Math.min(left, CHUNK_BYTES))));
      left -= chunk.value?.length ?? 0;
      return chunk;
    },
    cancel: reader.cancel,
  };
}

function replaced(location: string): IcestreamError {
  const file = shown(location);
  return new IcestreamError('INVALID_RESPONSE', `${file} was replaced while it was read; read it again`, { file });
}
