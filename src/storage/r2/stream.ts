/** An object's bytes as they arrive, asked for again from where they broke off. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { chunkReader } from '../../util/patient-reader.ts';
import { defaultRetryPolicy } from '../../util/retry.ts';
import type { S3Location } from '../s3/location.ts';
import { notFound, shown } from '../store-errors.ts';
import { getFrom, type R2Calls } from './calls.ts';
import { r2Error } from './errors.ts';

type Reader = ReturnType<typeof chunkReader>;

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
      return chunkReader(found.body, size - at);
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

function replaced(location: string): IcestreamError {
  const file = shown(location);
  return new IcestreamError('INVALID_RESPONSE', `${file} was replaced while it was read; read it again`, { file });
}
