/** Reading objects: always by range, which also keeps servers and clients from compressing on the way. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { concatBytes } from '../../util/encoding.ts';
import { chunkReader } from '../../util/patient-reader.ts';
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

/** With an ETag, of that version of the object only: any other is answered with 412. */
export function getCall({ object, start, end, signal }: ReadCall, etag: string | null = null) {
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
export function openBody({ object, start, end }: ReadCall, response: Response): OpenBody | null {
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

export async function* bodyFrom({ body, skip, length }: OpenBody): AsyncGenerator<Bytes> {
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

export function invalid({ location }: S3Location, why: string): IcestreamError {
  const file = shown(location);
  return new IcestreamError('INVALID_RESPONSE', `the answer for ${file} cannot be used: ${why}`, { file });
}
