/** One PUT, plain or on a condition. */

import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { sameBytes } from '../../util/encoding.ts';
import { uuidV4 } from '../../util/uuid.ts';
import type { PutOptions, UploadResult } from '../store.ts';
import { preconditionFailed, shown } from '../store-errors.ts';
import type { S3Client } from './client.ts';
import { S3Error } from './errors.ts';
import type { S3Location } from './location.ts';

/**
 * Metadata that tells whose object it is: when the answer to a conditional PUT was lost and its repetition is refused,
 * the object that is in the way may be our own.
 */
const TOKEN_HEADER = 'x-amz-meta-icestream-put';

/** `onAmbiguous`: the object may be there although the call fails. */
export async function put(
  client: S3Client,
  object: S3Location,
  bytes: Bytes,
  options: PutOptions,
  onAmbiguous?: () => void,
): Promise<UploadResult> {
  const { condition, contentType = 'application/octet-stream', signal } = options;
  const conditions: Record<string, string> = {};
  const token = condition === undefined ? null : uuidV4(client.world);
  if (token !== null) conditions[TOKEN_HEADER] = token;
  if (condition !== undefined && 'ifNoneMatch' in condition) conditions['if-none-match'] = '*';
  if (condition !== undefined && 'ifMatch' in condition) conditions['if-match'] = condition.ifMatch;
  const done = (etag: string | null): UploadResult => ({ location: object.location, sizeBytes: bytes.length, etag });
  const call = {
    method: 'PUT',
    ...object,
    headers: { 'content-type': contentType, ...conditions },
    body: bytes,
    expected: condition === undefined ? [] : [412],
    onAmbiguous,
    ...(signal ? { signal } : {}),
  } as const;
  const refused = (status: number) =>
    preconditionFailed(object.location, condition && 'ifMatch' in condition ? 'it was replaced' : 'it exists already', {
      status,
    });
  try {
    return await client.send(call, async (response, { ambiguous }) => {
      const body = await response.arrayBuffer();
      if (response.status !== 412) {
        const etag = response.headers.get('etag');
        if (etag === null && body.byteLength > 0) throw noStore(object.location);
        return done(etag);
      }
      const own = ambiguous && token !== null ? await ownObject(client, object, token, bytes, signal) : null;
      if (own === null) throw refused(412);
      return done(own.etag);
    });
  } catch (error) {
    // With `if-match`, an object that is not there is refused as 404 by some.
    const absent = error instanceof S3Error && error.code === 'NOT_FOUND' && error.s3Code !== 'NoSuchBucket';
    if (absent && condition !== undefined) throw refused(404);
    throw error;
  }
}

/** S3 answers with an etag and nothing else; without an etag (a browser may not see it) there is nothing at all. */
function noStore(location: string): IcestreamError {
  const file = shown(location);
  return new IcestreamError(
    'INVALID_RESPONSE',
    `${file}: the server answered with a page and no etag, as no object store does, so nothing may be stored; check the endpoint and what stands before it`,
    { file },
  );
}

/** What is stored, when it carries our token; where the token cannot be seen (CORS), when it has our bytes. */
async function ownObject(
  client: S3Client,
  object: S3Location,
  token: string,
  bytes: Bytes,
  signal: AbortSignal | undefined,
): Promise<{ readonly etag: string | null } | null> {
  const call = { method: 'GET', ...object, expected: [404], ...(signal ? { signal } : {}) } as const;
  return client.send(call, async (response) => {
    const stored = response.headers.get(TOKEN_HEADER);
    const etag = response.headers.get('etag');
    if (response.status === 404) return null;
    if (stored !== null) {
      await response.body?.cancel();
      return stored === token ? { etag } : null;
    }
    const there = new Uint8Array(await response.arrayBuffer());
    return sameBytes(there, bytes) ? { etag } : null;
  });
}
