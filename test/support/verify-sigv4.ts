/** Checks a SigV4 signature the way a service does: from the request as it came over the wire, with node's own crypto. */
import { createHash, createHmac } from 'node:crypto';

export interface SigV4Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly region: string;
  readonly service: string;
}

export interface WireRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

const MAX_SKEW_MS = 5 * 60_000;

/** Null when the signature is right, else why it is not. */
export function sigV4Fault(request: WireRequest, keys: SigV4Keys, nowMs: number): string | null {
  const authorization = request.headers.get('authorization') ?? '';
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  if (match === null) return 'MissingAuthenticationToken';
  const [, keyId = '', day = '', region = '', service = '', signedHeaders = '', signature = ''] = match;
  if (keyId !== keys.accessKeyId) return 'InvalidAccessKeyId';
  if (region !== keys.region || service !== keys.service)
    return `Credential should be scoped to ${keys.region}/${keys.service}`;
  if (keys.sessionToken !== undefined && request.headers.get('x-amz-security-token') !== keys.sessionToken) {
    return 'InvalidToken';
  }
  const date = request.headers.get('x-amz-date') ?? '';
  const signedAt = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(signedAt - nowMs) <= MAX_SKEW_MS)) return 'Signature expired';
  const names = signedHeaders.split(';');
  for (const needed of ['host', 'x-amz-date']) if (!names.includes(needed)) return `${needed} is not signed`;
  const claimed = request.headers.get('x-amz-content-sha256');
  const hash = sha256(request.body);
  if (claimed !== undefined && claimed !== hash) return 'The body does not match x-amz-content-sha256';
  const canonical = [
    request.method,
    canonicalPath(request.target),
    canonicalQuery(request.target),
    ...names.map((name) => `${name}:${(request.headers.get(name) ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders,
    hash,
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = [day, region, service, 'aws4_request'].reduce<Uint8Array>(
    hmac,
    Buffer.from(`AWS4${keys.secretAccessKey}`),
  );
  const expected = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(Buffer.from(canonical))].join('\n')).toString(
    'hex',
  );
  return expected === signature ? null : 'SignatureDoesNotMatch';
}

/** Every service but S3: each segment of the path, as sent, is encoded once more. */
function canonicalPath(target: string): string {
  return (target.split('?')[0] ?? '').split('/').map(encode).join('/');
}

function canonicalQuery(target: string): string {
  const query = target.split('?')[1] ?? '';
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', value = ''] = pair.split('=').map((part) => encode(decodeURIComponent(part)));
      return `${name}=${value}`;
    })
    .sort()
    .join('&');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
