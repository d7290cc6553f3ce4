/** What a request asks for: bucket, key and query, each decoded exactly once. */
import { utf8 } from '../../util/encoding.ts';
import { S3Refusal } from './errors.ts';
import { isReserved } from './upload-records.ts';

/** What is used of a `Request`. */
export interface IncomingRequest extends Pick<Request, 'method' | 'url' | 'headers' | 'body'> {
  /** In Workers, whose `accept-encoding` is another than the client sent. */
  readonly cf?: { readonly clientAcceptEncoding?: unknown };
}

export interface S3Request {
  readonly raw: IncomingRequest;
  readonly method: string;
  /** As it was sent, with the path that the app is mounted at: what the client signed. */
  readonly path: string;
  /** In the order of the URL. */
  readonly queryPairs: readonly (readonly [name: string, value: string])[];
  /** The first of each name. */
  readonly query: ReadonlyMap<string, string>;
  /** Null: the service itself. */
  readonly bucket: string | null;
  /** Null: the bucket itself. */
  readonly key: string | null;
}

const MAX_KEY_BYTES = 1024;
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
const CONTROL = /[\u0000-\u001f\u007f]/;

/** `basePath` is what the app is mounted at, `/s3`, or empty. */
export function parseRequest(raw: IncomingRequest, basePath: string): S3Request {
  const { pathname, search } = new URL(raw.url);
  if (pathname !== basePath && !pathname.startsWith(`${basePath}/`)) {
    throw new S3Refusal('InvalidURI', 'the path is not one of this service');
  }
  const [bucket = '', ...segments] = pathname
    .slice(basePath.length + 1)
    .split('/')
    .map(decodeOnce);
  const key = segments.join('/');
  const queryPairs = search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      return [decodeOnce(name.replaceAll('+', ' ')), decodeOnce(value.replaceAll('+', ' '))] as const;
    });
  const query = new Map<string, string>();
  for (const [name, value] of queryPairs) if (!query.has(name)) query.set(name, value);
  return {
    raw,
    method: raw.method,
    path: pathname,
    queryPairs,
    query,
    bucket: bucket === '' ? null : bucket,
    key: key === '' ? null : key,
  };
}

/** @throws S3Refusal for a key that S3 or R2 would not take, that leads elsewhere in a URL, or that is the gateway's own. */
export function checkKey(key: string): string {
  if (utf8(key).length > MAX_KEY_BYTES) {
    throw new S3Refusal('KeyTooLongError', `a key has at most ${MAX_KEY_BYTES} bytes`);
  }
  if (CONTROL.test(key) || !key.isWellFormed()) {
    throw new S3Refusal('InvalidArgument', 'the key has a control character or half of a surrogate pair');
  }
  if (key.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw new S3Refusal('InvalidArgument', 'the key has a segment of dots, which no URL can name');
  }
  if (isReserved(key)) throw new S3Refusal('AccessDenied', 'keys of this prefix are the gateway’s own');
  return key;
}

export function decodeOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Refusal('InvalidURI', 'the URL is not percent-encoded UTF-8');
  }
}

/** A whole number of the query or a header; null when it is absent. */
export function wholeNumber(name: string, text: string | null | undefined, max: number): number | null {
  if (text === null || text === undefined) return null;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= max) return value;
  throw new S3Refusal('InvalidArgument', `${name} is a whole number up to ${max}`);
}
