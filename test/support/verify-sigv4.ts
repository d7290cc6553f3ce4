/** Checks a SigV4 signature the way a service other than S3 does: from the request as it came over the wire. */
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeStrictly, requestHash, type SigningScope, signature, signingKey } from '../../src/server/s3/sigv4.ts';
import { toHex } from '../../src/util/encoding.ts';

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
  const [, keyId = '', day = '', region = '', service = '', signedHeaders = '', claimed = ''] = match;
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
  const bodyHash = request.headers.get('x-amz-content-sha256');
  const payloadHash = toHex(sha256(request.body));
  if (bodyHash !== undefined && bodyHash !== payloadHash) return 'The body does not match x-amz-content-sha256';
  const scope: SigningScope = { day, region, service };
  const hash = hashOf(request, names, payloadHash);
  const expected = signature(signingKey(keys.secretAccessKey, scope), 'AWS4-HMAC-SHA256', date, scope, [hash]);
  return expected === claimed ? null : 'SignatureDoesNotMatch';
}

function hashOf({ method, target, headers }: WireRequest, signedHeaders: readonly string[], payloadHash: string) {
  const [path = '', query = ''] = target.split('?');
  const pairs = query.split('&').filter((pair) => pair !== '');
  return requestHash({
    method,
    // Every service but S3 signs the path encoded once more than it is sent.
    path: path.split('/').map(encodeStrictly).join('/'),
    query: pairs.map((pair) => {
      const [name = '', value = ''] = pair.split('=').map(decodeURIComponent);
      return [name, value] as const;
    }),
    headers: new Headers([...headers]),
    host: headers.get('host') ?? '',
    signedHeaders,
    payloadHash,
  });
}
