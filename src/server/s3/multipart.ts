/** Multipart uploads: R2's own, and a record of what it does not list. */
import type { R2Part } from '../../storage/r2/binding.ts';
import { NO_SUCH_UPLOAD, r2Code } from '../../storage/r2/errors.ts';
import { childrenOf, childText, type XmlElement } from '../../storage/s3/xml.ts';
import { utf8 } from '../../util/encoding.ts';
import { incomingBody, readText } from './body.ts';
import { noSuchUpload, notImplemented, S3Refusal } from './errors.ts';
import { type Call, MAX_PUT_BYTES } from './gateway.ts';
import { metadataOf } from './metadata.ts';
import { openSource, sourceOf, storeCopy } from './put-object.ts';
import { wholeNumber } from './request.ts';
import { storeValue } from './store-value.ts';
import { forgetUpload, hasUpload, MAX_UPLOAD_KEY_BYTES, recordPart, recordUpload } from './upload-records.ts';
import { readXml, xmlResponse } from './xml.ts';

const MAX_PARTS = 10_000;
/** Ten thousand parts, each with a checksum. */
const MAX_COMPLETE_BYTES = 8 << 20;

export async function createUpload({ gateway: { bucket, name }, request }: Call, key: string): Promise<Response> {
  const { headers } = request.raw;
  if (utf8(key).length > MAX_UPLOAD_KEY_BYTES) {
    throw new S3Refusal('KeyTooLongError', `the key of a multipart upload has at most ${MAX_UPLOAD_KEY_BYTES} bytes`);
  }
  refuseChecksumsOverAll(headers);
  const upload = await bucket.createMultipartUpload(key, metadataOf(headers));
  const { uploadId } = upload;
  try {
    await recordUpload(bucket, key, uploadId);
  } catch (error) {
    await upload.abort();
    throw error;
  }
  return xmlResponse('InitiateMultipartUploadResult', { Bucket: name, Key: key, UploadId: uploadId });
}

export async function uploadPart(call: Call, key: string, uploadId: string): Promise<Response> {
  const { gateway, request, auth } = call;
  const partNumber = partNumberOf(request.query.get('partNumber'));
  const upload = gateway.bucket.resumeMultipartUpload(key, uploadId);
  const body = incomingBody(request.raw, auth, MAX_PUT_BYTES);
  const { etag } = await storeValue(body, (value) => upload.uploadPart(partNumber, value));
  await recordPart(gateway.bucket, uploadId, { partNumber, etag, sizeBytes: body.sizeBytes });
  return new Response(null, { headers: { etag: `"${etag}"`, ...Object.fromEntries(body.checksums()) } });
}

export async function uploadPartCopy(call: Call, key: string, uploadId: string): Promise<Response> {
  const { gateway, request } = call;
  const partNumber = partNumberOf(request.query.get('partNumber'));
  const upload = gateway.bucket.resumeMultipartUpload(key, uploadId);
  const range = request.raw.headers.get('x-amz-copy-source-range');
  const found = await openSource(call, sourceOf(call), range);
  const [first, last] = range?.match(/\d+/g)?.map(Number) ?? [];
  const sizeBytes = first === undefined || last === undefined ? found.size : last - first + 1;
  const { etag } = await storeCopy(found, (value) => upload.uploadPart(partNumber, value));
  await recordPart(gateway.bucket, uploadId, { partNumber, etag, sizeBytes });
  return xmlResponse('CopyPartResult', { ETag: `"${etag}"`, LastModified: found.uploaded.toISOString() });
}

export async function completeUpload(call: Call, key: string, uploadId: string): Promise<Response> {
  const { gateway, request, auth } = call;
  const { headers } = request.raw;
  if (headers.has('if-match') || headers.has('if-none-match')) {
    // Looking first and completing then would let another writer in between.
    throw notImplemented('preconditions of CompleteMultipartUpload, which R2 cannot check; take one PutObject');
  }
  refuseChecksumsOverAll(headers);
  const root = readXml(await readText(request.raw, auth, MAX_COMPLETE_BYTES), 'CompleteMultipartUpload');
  const parts = childrenOf(root, 'Part').map(partOf);
  if (parts.length === 0 || parts.length > MAX_PARTS) {
    throw new S3Refusal('MalformedXML', `an upload has 1 to ${MAX_PARTS} parts`);
  }
  if (parts.some(({ partNumber }, i) => i > 0 && partNumber <= (parts[i - 1]?.partNumber ?? 0))) {
    throw new S3Refusal('InvalidPartOrder', 'the parts are not in the order of their numbers');
  }
  const upload = gateway.bucket.resumeMultipartUpload(key, uploadId);
  const stored = await upload.complete(parts).catch(async (error: unknown) => {
    // The simulator takes the id of another key's upload for a failure of its own.
    throw (await hasUpload(gateway.bucket, key, uploadId)) ? error : noSuchUpload();
  });
  // The object is there: a record that stays is found by the next one who aborts it.
  await forgetUpload(gateway.bucket, key, uploadId).catch(() => {});
  const location = new URL(request.path, request.raw.url).href;
  return xmlResponse('CompleteMultipartUploadResult', {
    Location: location,
    Bucket: gateway.name,
    Key: key,
    ETag: stored.httpEtag,
  });
}

export async function abortUpload({ gateway: { bucket } }: Call, key: string, uploadId: string): Promise<Response> {
  const wasOpen = await hasUpload(bucket, key, uploadId);
  try {
    await bucket.resumeMultipartUpload(key, uploadId).abort();
  } catch (error) {
    if (!wasOpen) throw noSuchUpload();
    if (r2Code(error) !== NO_SUCH_UPLOAD) throw error;
  }
  await forgetUpload(bucket, key, uploadId);
  return new Response(null, { status: 204 });
}

/** Each part is checked when it comes; R2 keeps no sums that those of the whole could be made of. */
function refuseChecksumsOverAll(headers: Headers): void {
  const saysWhich = (name: string) => name === 'x-amz-checksum-type' || name === 'x-amz-checksum-algorithm';
  const isGiven = [...headers.keys()].some((name) => name.startsWith('x-amz-checksum-') && !saysWhich(name));
  if (isGiven || headers.get('x-amz-checksum-type') === 'FULL_OBJECT') {
    throw notImplemented('checksums of all parts together; give one for each part');
  }
}

function partOf(part: XmlElement): R2Part {
  const etag = (childText(part, 'ETag') ?? '').replace(/^"|"$/g, '');
  if (etag === '') throw new S3Refusal('MalformedXML', 'a part has a number and an etag');
  return { partNumber: partNumberOf(childText(part, 'PartNumber')), etag };
}

function partNumberOf(text: string | null | undefined): number {
  const number = wholeNumber('partNumber', text, MAX_PARTS);
  if (number !== null && number > 0) return number;
  throw new S3Refusal('InvalidArgument', `the number of a part is 1 to ${MAX_PARTS}`);
}
