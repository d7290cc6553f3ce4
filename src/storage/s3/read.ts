/** Reading objects: always by range, which also keeps servers and clients from compressing on the way. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { concatBytes } from '../../util/encoding.ts';
import { chunkReader } from '../../util/patient-reader.ts';
import { backoffMs, defaultRetryPolicy, randomFraction } from '../../util/retry.ts';
import type { ObjectStat } from '../store.ts';
import { shown } from '../store-errors.ts';
import type { S3Client } from './client.ts';
import type { S3Location } from './location.ts';

export interface ReadCall {
  readonly object: S3Location;
  readonly start: number;
  /** Null: to the object's end. */
  readonly end: number | null;
  readonly signal?: AbortSignal;
}

export async function stat(client: S3Client, object: S3Location, signal?: AbortSignal): Promise<ObjectStat | null> {
  const call = { method: 'HEAD', ...object, expected: [404], ...(signal ? { signal } : {}) } as const;
  return client.send(call, async (response) => {
    if (response.status === 404) return null;
    const sizeBytes = Number(response.headers.get('content-length') ?? Number.NaN);
    if (!Number.isSafeInteger(sizeBytes)) {
      throw invalid(object, 'it does not say the size (in a browser, expose Content-Length in the CORS rules)');
    }
    const modified = Date.parse(response.headers.get('last-modified') ?? '');
    return {
      location: object.location,
      sizeBytes,
      etag: response.headers.get('etag'),
      lastModifiedMs: Number.isNaN(modified) ? null : modified,
    };
  });
}

/** The bytes of the range; fewer where the object ends before. */
export async function read(client: S3Client, call: ReadCall): Promise<Bytes> {
  if (call.end !== null && call.end === call.start) return new Uint8Array();
  return client.send(getCall(call), async (response) => {
    const opened = openBody(call, response);
    if (opened === null) return new Uint8Array();
    const chunks: Bytes[] = [];
    let size = 0;
    for await (const chunk of bodyFrom(opened)) {
      chunks.push(chunk);
      size += chunk.length;
      if (call.end !== null && size >= call.end - call.start) break;
    }
    const wanted = call.end === null ? size : Math.min(size, call.end - call.start);
    if (opened.length !== null && wanted < opened.length) throw new Error('the answer ended early');
    return concatBytes(chunks).subarray(0, wanted);
  });
}

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

function getCall({ object, start, end, signal }: ReadCall, etag: string | null = null) {
  return {
    method: 'GET',
    ...object,
    headers: {
      range: `bytes=${start}-${end === null ? '' : end - 1}`,
      ...(etag === null ? {} : { 'if-match': etag }),
    },
    expected: [416, ...(etag === null ? [] : [412])],
    ...(signal ? { signal } : {}),
  } as const;
}

interface OpenBody {
  readonly body: ReadableStream<Bytes>;
  /** Bytes before the range, from servers that ignore it. */
  readonly skip: number;
  /** Bytes that must come after those, where the server says. */
  readonly length: number | null;
}

/** Null: the range begins at or after the object's end. */
function openBody({ object, start, end }: ReadCall, response: Response): OpenBody | null {
  if (response.status === 416) return null;
  const { body } = response;
  if (body === null) return null;
  if (response.status !== 206) {
    const size = lengthOf(response);
    const until = end === null || size === null ? size : Math.min(end, size);
    return { body, skip: start, length: until === null ? null : Math.max(0, until - start) };
  }
  // Where CORS hides the header there is nothing to check: the length of the body has to do.
  const range = /^bytes (\d+)-(\d+)\//.exec(response.headers.get('content-range') ?? '');
  if (range === null) return { body, skip: 0, length: lengthOf(response) };
  if (Number(range[1]) !== start || (end !== null && Number(range[2]) >= end)) {
    throw invalid(object, `bytes ${start}-${end ?? ''} were asked for and ${range[0]} came`);
  }
  return { body, skip: 0, length: Number(range[2]) - start + 1 };
}

function lengthOf(response: Response): number | null {
  const header = response.headers.get('content-length');
  return header === null || response.headers.has('content-encoding') ? null : Number(header);
}

async function* bodyFrom({ body, skip, length }: OpenBody): AsyncGenerator<Bytes> {
  const reader = chunkReader(body, length === null ? null : skip + length);
  let left = skip;
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        ended = true;
        return;
      }
      const from = Math.min(left, value.length);
      left -= from;
      if (from < value.length) yield from === 0 ? value : value.subarray(from);
    }
  } finally {
    if (!ended) await reader.cancel().catch(() => {});
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

function invalid({ location }: S3Location, why: string): IcestreamError {
  const file = shown(location);
  return new IcestreamError('INVALID_RESPONSE', `the answer for ${file} cannot be used: ${why}`, { file });
}
