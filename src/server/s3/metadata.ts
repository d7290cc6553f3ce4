/** Between an object's metadata in R2 and the headers of S3. */
import type { R2HttpMetadata, R2Object, R2WriteOptions } from '../../storage/r2/binding.ts';
import { notImplemented, S3Refusal } from './errors.ts';

const PREFIX = 'x-amz-meta-';
const HTTP_HEADERS = [
  ['content-type', 'contentType'],
  ['content-language', 'contentLanguage'],
  ['content-disposition', 'contentDisposition'],
  ['cache-control', 'cacheControl'],
] as const;
/** Headers of a presigned or signed GET that change those of its answer. */
const OVERRIDES = [
  'content-type',
  'content-language',
  'content-disposition',
  'content-encoding',
  'cache-control',
  'expires',
] as const;
/** What these ask for would be silently left out. */
const REFUSED = /^x-amz-(server-side-encryption|tagging|object-lock|grant|website-redirect|write-offset)/;
const SAME_AS_PRIVATE = new Set(['private', 'bucket-owner-full-control', 'bucket-owner-read']);

/** @throws S3Refusal NotImplemented for headers that ask for what R2 does not do: ACLs, tags, keys of the client's own. */
export function metadataOf(headers: Headers): R2WriteOptions {
  const customMetadata: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (REFUSED.test(name)) throw notImplemented(`the header ${name}`);
    if (name.startsWith(PREFIX)) customMetadata[name.slice(PREFIX.length)] = value;
  }
  if (!SAME_AS_PRIVATE.has(headers.get('x-amz-acl') ?? 'private')) throw notImplemented('ACLs other than private');
  if ((headers.get('x-amz-storage-class') ?? 'STANDARD') !== 'STANDARD') {
    throw notImplemented('storage classes other than STANDARD');
  }
  return { httpMetadata: httpMetadataOf(headers), customMetadata };
}

export function metadataHeaders({ httpEtag, uploaded, httpMetadata = {}, customMetadata = {} }: R2Object): Headers {
  const headers = new Headers({
    etag: httpEtag,
    'last-modified': uploaded.toUTCString(),
    'accept-ranges': 'bytes',
    'content-type': httpMetadata.contentType ?? 'binary/octet-stream',
  });
  for (const [name, property] of HTTP_HEADERS) setHeader(headers, name, httpMetadata[property]);
  setHeader(headers, 'content-encoding', httpMetadata.contentEncoding);
  setHeader(headers, 'expires', httpMetadata.cacheExpiry?.toUTCString());
  for (const [name, value] of Object.entries(customMetadata)) setHeader(headers, PREFIX + name, value);
  return headers;
}

/** @throws S3Refusal for a `response-content-type`, or one of its like, that no header can hold. */
export function overrideHeaders(headers: Headers, query: ReadonlyMap<string, string>): void {
  for (const name of OVERRIDES) {
    const parameter = `response-${name}`;
    const value = query.get(parameter);
    if (value === undefined) continue;
    try {
      headers.set(name, value);
    } catch {
      throw new S3Refusal('InvalidArgument', `${parameter} cannot be sent as a header`);
    }
  }
}

function httpMetadataOf(headers: Headers): R2HttpMetadata {
  const found: { -readonly [name in keyof R2HttpMetadata]: R2HttpMetadata[name] } = {};
  for (const [name, property] of HTTP_HEADERS) {
    const value = headers.get(name);
    if (value !== null) found[property] = value;
  }
  // How the body was sent is no property of the object.
  const encodings = (headers.get('content-encoding') ?? '').split(',').map((encoding) => encoding.trim());
  const encoding = encodings.filter((one) => one !== '' && one !== 'aws-chunked').join(',');
  if (encoding !== '') found.contentEncoding = encoding;
  const expires = Date.parse(headers.get('expires') ?? '');
  if (!Number.isNaN(expires)) found.cacheExpiry = new Date(expires);
  return found;
}

/** Metadata that was not written by HTTP may have what no header can. */
function setHeader(headers: Headers, name: string, value: string | undefined): void {
  if (value === undefined) return;
  try {
    headers.set(name, value);
  } catch {
    throw new S3Refusal('InternalError', `the object's metadata cannot be sent as the header ${name.slice(0, 60)}`);
  }
}
