/** Signature Version 4, from the side of the service: pure functions of a request as it came. */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex, utf8 } from '../../util/encoding.ts';

/** `day/region/service/aws4_request`. */
export interface SigningScope {
  /** `YYYYMMDD`. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
}

export interface CanonicalRequest {
  readonly method: string;
  /** Percent-encoded, as it was sent. */
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: Headers;
  /** What the client says it sent the request to. */
  readonly host: string;
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
}

function scopeText({ day, region, service }: SigningScope): string {
  return `${day}/${region}/${service}/aws4_request`;
}

export function signingKey(secret: string, { day, region, service }: SigningScope): Uint8Array {
  return [day, region, service, 'aws4_request'].reduce<Uint8Array>(
    (key, part) => hmac(sha256, key, utf8(part)),
    utf8(`AWS4${secret}`),
  );
}

/** Lower-case hex. `lines` follow the algorithm, the date and the scope. */
export function signature(
  key: Uint8Array,
  algorithm: string,
  amzDate: string,
  scope: SigningScope,
  lines: readonly string[],
): string {
  return toHex(hmac(sha256, key, utf8([algorithm, amzDate, scopeText(scope), ...lines].join('\n'))));
}

export function requestHash(request: CanonicalRequest): string {
  return toHex(sha256(utf8(canonicalRequest(request))));
}

export function canonicalRequest(request: CanonicalRequest): string {
  const { method, path, query, headers, host, signedHeaders, payloadHash } = request;
  const headerValue = (name: string) => (name === 'host' ? host : (headers.get(name) ?? ''));
  return [
    method,
    canonicalPath(path),
    canonicalQuery(query),
    ...signedHeaders.map((name) => `${name}:${headerValue(name).trim().replace(/\s+/g, ' ')}`),
    '',
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
}

/** Every byte that is not unreserved. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** S3 signs the key encoded once, slashes left as they are, however the client wrote them in its request line. */
function canonicalPath(path: string): string {
  return decodeURIComponent(path).split('/').map(encodeStrictly).join('/');
}

function canonicalQuery(query: CanonicalRequest['query']): string {
  return query
    .map(([name, value]) => [encodeStrictly(name), encodeStrictly(value)] as const)
    .sort(([a, x], [b, y]) => order(a, b) || order(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
