/** AWS Signature Version 4, in the headers of a request (AWS General Reference: Signature Version 4 signing process). */
import { toHex, utf8 } from './encoding.ts';

export interface SigV4Request {
  readonly method: string;
  readonly url: URL;
  /** `host` is taken from the URL. */
  readonly headers: Headers;
  /** Lower-case hex of the body's SHA-256, or `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string;
}

export interface SigV4Scope {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly region: string;
  readonly service: string;
  /** The signing time. */
  readonly nowMs: number;
  /** S3 signs the path as it is sent, every other service percent-encoded once more. */
  readonly path: 'as-sent' | 'encoded-again';
  /** Headers that are left out. */
  readonly unsigned?: ReadonlySet<string>;
  /** Keys that were derived from the same secret, by their scope; one is added for a new scope. */
  readonly keys?: Map<string, CryptoKey>;
}

/** The headers with `x-amz-date`, `x-amz-security-token` where there is a token, and `authorization`. */
export async function signedHeaders(request: SigV4Request, scope: SigV4Scope): Promise<Headers> {
  const { method, url, payloadHash } = request;
  const { unsigned = new Set(), sessionToken } = scope;
  const time = new Date(scope.nowMs).toISOString().replace(/[:-]|\.\d{3}/g, '');
  const headers = new Headers(request.headers);
  headers.set('x-amz-date', time);
  if (sessionToken !== undefined) headers.set('x-amz-security-token', sessionToken);
  const names = ['host', ...[...headers.keys()].filter((name) => name !== 'host' && !unsigned.has(name))].sort();
  const value = (name: string) => (name === 'host' ? url.host : (headers.get(name) ?? ''));
  const canonical = [
    method,
    canonicalPath(url.pathname, scope.path),
    canonicalQuery([...url.searchParams]),
    ...names.map((name) => `${name}:${value(name).trim().replace(/\s+/g, ' ')}`),
    '',
    names.join(';'),
    payloadHash,
  ].join('\n');
  const place = `${time.slice(0, 8)}/${scope.region}/${scope.service}/aws4_request`;
  const key = scope.keys?.get(place) ?? (await signingKey(scope.secretAccessKey, place));
  scope.keys?.set(place, key);
  const hash = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(canonical))));
  const signature = toHex(await hmac(key, ['AWS4-HMAC-SHA256', time, place, hash].join('\n')));
  const credential = `${scope.accessKeyId}/${place}`;
  headers.set(
    'authorization',
    `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  );
  return headers;
}

/** Every byte that is not unreserved. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function canonicalQuery(query: readonly (readonly [name: string, value: string])[]): string {
  return query
    .map(([name, value]) => [encodeStrictly(name), encodeStrictly(value)] as const)
    .sort(([a, x], [b, y]) => order(a, b) || order(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Empty parts count in keys of S3 only. */
function canonicalPath(path: string, form: SigV4Scope['path']): string {
  const parts = form === 'as-sent' ? path.split('/').map(decodeURIComponent) : path.replace(/\/+/g, '/').split('/');
  return parts.map(encodeStrictly).join('/');
}

async function signingKey(secret: string, place: string): Promise<CryptoKey> {
  let key = await hmacKey(utf8(`AWS4${secret}`));
  for (const part of place.split('/')) key = await hmacKey(await hmac(key, part));
  return key;
}

function hmacKey(bytes: BufferSource): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
}

async function hmac(key: CryptoKey, text: string) {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(text)));
}
