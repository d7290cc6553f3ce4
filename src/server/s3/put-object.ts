/** PutObject, CopyObject and DeleteObject. */
import type { R2Body, R2Object, R2Value } from '../../storage/r2/binding.ts';
import { incomingBody } from './body.ts';
import { preconditionFailed, readOutcome, writeCondition } from './conditions.ts';
import { noSuchKey, notImplemented, S3Refusal } from './errors.ts';
import { type Call, MAX_PUT_BYTES } from './gateway.ts';
import { isWithBody, openRange } from './get-object.ts';
import { metadataOf } from './metadata.ts';
import { parseRange, rangeIn } from './range.ts';
import { checkKey, decodeOnce } from './request.ts';
import { allow } from './scope.ts';
import { storeValue } from './store-value.ts';
import { xmlResponse } from './xml.ts';

export async function putObject(call: Call, key: string): Promise<Response> {
  const { raw } = call.request;
  const metadata = metadataOf(raw.headers);
  const put = conditionalPut(call, key, metadata);
  const body = incomingBody(raw, call.auth, MAX_PUT_BYTES);
  const stored = await storeValue(body, put);
  return new Response(null, { headers: { etag: stored.httpEtag, ...Object.fromEntries(body.checksums()) } });
}

export async function copyObject(call: Call, key: string): Promise<Response> {
  const { headers } = call.request.raw;
  const directive = headers.get('x-amz-metadata-directive') ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE') {
    throw new S3Refusal('InvalidArgument', 'x-amz-metadata-directive is COPY or REPLACE');
  }
  const replaces = directive === 'REPLACE';
  const requested = metadataOf(headers);
  const source = sourceOf(call);
  if (source === key && !replaces) {
    throw new S3Refusal('InvalidRequest', 'an object is copied to itself only with other metadata');
  }
  const found = await openSource(call, source, null);
  const { httpMetadata = {}, customMetadata = {} } = found;
  const metadata = replaces ? requested : { httpMetadata, customMetadata: { ...customMetadata } };
  const stored = await storeCopy(found, conditionalPut(call, key, metadata));
  return xmlResponse('CopyObjectResult', { ETag: stored.httpEtag, LastModified: stored.uploaded.toISOString() });
}

/** Deleting what is not there is done too, as at S3. */
export async function deleteObject({ gateway: { bucket }, request }: Call, key: string): Promise<Response> {
  if (request.raw.headers.has('if-match')) throw notImplemented('If-Match for deletes');
  await bucket.delete([key]);
  return new Response(null, { status: 204 });
}

/** The key that `x-amz-copy-source` names, if these credentials may read it. */
export function sourceOf({ gateway, request, auth }: Call): string {
  const header = request.raw.headers.get('x-amz-copy-source') ?? '';
  if (header.includes('?')) throw notImplemented('versions of objects');
  const [bucket = '', ...segments] = decodeOnce(header).replace(/^\//, '').split('/');
  const key = segments.join('/');
  if (bucket === '' || key === '') throw new S3Refusal('InvalidArgument', 'x-amz-copy-source is bucket/key');
  if (bucket !== gateway.name)
    throw new S3Refusal('NoSuchBucket', 'this gateway serves one bucket; the source is in another');
  checkKey(key);
  allow(auth.grant, 'read', key);
  return key;
}

/** The object, or a range of it, that is to be copied. */
export async function openSource({ gateway, request }: Call, key: string, rangeHeader: string | null): Promise<R2Body> {
  const range = parseRange(rangeHeader);
  if (rangeHeader !== null && (range === null || 'suffix' in range || range.length === undefined)) {
    throw new S3Refusal('InvalidArgument', 'x-amz-copy-source-range is bytes=first-last');
  }
  const { bucket, maxCopyBytes } = gateway;
  const found = await openRange(bucket, key, range);
  if (found === null) throw noSuchKey();
  if (!isWithBody(found)) throw new S3Refusal('InvalidRange', 'the source has none of these bytes');
  const refuse = async (refusal: S3Refusal) => {
    await found.body.cancel();
    throw refusal;
  };
  if (readOutcome(request.raw.headers, found, 'x-amz-copy-source-') !== 'send') {
    return refuse(new S3Refusal('PreconditionFailed', 'the source is another one'));
  }
  const within = range === null ? { start: 0, end: found.size } : rangeIn(range, found.size);
  if (within === null || (range !== null && 'length' in range && within.end - within.start !== range.length)) {
    return refuse(new S3Refusal('InvalidRange', 'the source has not all of these bytes'));
  }
  if (within.end - within.start > maxCopyBytes) {
    return refuse(new S3Refusal('EntityTooLarge', `a copy has at most ${maxCopyBytes} bytes; copy it in parts`));
  }
  return found;
}

/** R2 knows the length of the bodies it gives, and takes them as they are. An empty one is no stream to it. */
export async function storeCopy<T>({ body, size }: R2Body, put: (value: R2Value) => Promise<T>): Promise<T> {
  if (size > 0) return put(body);
  await body.cancel();
  return put(new Uint8Array());
}

function conditionalPut({ gateway: { bucket }, request }: Call, key: string, metadata: ReturnType<typeof metadataOf>) {
  const onlyIf = writeCondition(request.raw.headers);
  return async (value: R2Value): Promise<R2Object> => {
    const stored = await bucket.put(key, value, { ...metadata, ...(onlyIf === null ? {} : { onlyIf }) });
    if (stored !== null) return stored;
    if (onlyIf !== null && 'etagDoesNotMatch' in onlyIf) throw preconditionFailed('If-None-Match');
    throw (await bucket.head(key)) === null ? noSuchKey() : preconditionFailed('If-Match');
  };
}
