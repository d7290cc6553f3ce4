/** Reading an object from end to end as a stream that goes on where a connection breaks off. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { backoffMs, defaultRetryPolicy, randomFraction } from '../../util/retry.ts';
import { shown } from '../store-errors.ts';
import type { S3Client } from './client.ts';
import type { S3Location } from './location.ts';
import { bodyFrom, getCall, invalid, openBody, type ReadCall } from './read.ts';

/** The object's bytes from `start`, asked for again from where they broke off. */
export async function openStream(client: S3Client, call: ReadCall): Promise<ReadableStream<Bytes>> {
  let at = call.start;
  let failures = 0;
  const stop = new AbortController();
  const signal = call.signal === undefined ? stop.signal : AbortSignal.any([call.signal, stop.signal]);
  let etag: string | null = null;
  let expectedEnd: number | null = null;
  let attempt = new AbortController();
  const open = async (): Promise<AsyncIterator<Bytes> | null> => {
    attempt = new AbortController();
    const ended = AbortSignal.any([signal, attempt.signal]);
    return client.send(getCall({ ...call, start: at, signal: ended }, etag), async (response) => {
      if (response.status === 412) throw invalid(call.object, 'it was replaced while it was read; read it again');
      const opened = openBody({ ...call, start: at }, response);
      if (opened === null) return null;
      etag ??= response.headers.get('etag');
      expectedEnd = opened.length === null ? null : at + opened.length;
      return bodyFrom(opened)[Symbol.asyncIterator]();
    });
  };
  let chunks = await open();
  return new ReadableStream<Bytes>(
    {
      pull: async (controller) => {
        for (;;) {
          try {
            signal.throwIfAborted();
            chunks ??= failures > 0 ? await open() : null;
            const next = chunks === null ? undefined : await nextInTime(client, chunks, attempt);
            if (next !== undefined && !next.done) {
              at += next.value.length;
              failures = 0;
              return controller.enqueue(next.value);
            }
            if (expectedEnd !== null && at < expectedEnd) throw new Error('the answer ended early');
            return controller.close();
          } catch (error) {
            chunks = null;
            failures += 1;
            signal.throwIfAborted();
            if (error instanceof IcestreamError || failures >= defaultRetryPolicy.maxAttempts) {
              throw error instanceof IcestreamError ? error : brokenOff(call.object, error);
            }
            const waitMs = backoffMs(defaultRetryPolicy, failures, randomFraction(client.world));
            await client.world.sleep(waitMs, signal);
          }
        }
      },
      cancel: async (reason) => {
        stop.abort(reason);
        await chunks?.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** @throws Error when nothing comes for as long as an attempt may take; then `attempt` is over. */
async function nextInTime(
  { world, attemptTimeoutMs }: S3Client,
  chunks: AsyncIterator<Bytes>,
  attempt: AbortController,
): Promise<IteratorResult<Bytes>> {
  const came = new AbortController();
  const idle = world.sleep(attemptTimeoutMs, came.signal).then(() => {
    const error = new Error(`nothing came for ${attemptTimeoutMs} ms`);
    attempt.abort(error);
    throw error;
  });
  const next = chunks.next();
  next.catch(() => {}); // thrown by the race, unless nobody waits for it any more
  idle.catch(() => {});
  try {
    return await Promise.race([next, idle]);
  } finally {
    came.abort();
  }
}

function brokenOff({ location }: S3Location, cause: unknown): IcestreamError {
  const file = shown(location);
  return new IcestreamError('UNAVAILABLE', `reading ${file} broke off again and again`, {
    file,
    cause,
    retryable: true,
  });
}
