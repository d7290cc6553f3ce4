/** Who sent a request, by its signature: in the Authorization header, or in the query of a presigned URL. */
import { sameSecret } from '../constant-time.ts';
import type { S3CredentialsLookup, S3Grant } from './credentials.ts';
import { S3Refusal } from './errors.ts';
import type { IncomingRequest, S3Request } from './request.ts';
import { requestHash, type SigningScope, signature, signingKey } from './sigv4.ts';

export interface AuthenticateOptions {
  readonly credentials: S3CredentialsLookup;
  readonly region: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** A request whose signature is right. Its body is not checked yet: `payload` says how. */
export interface Authenticated {
  readonly grant: S3Grant;
  /** The value of `x-amz-content-sha256`. */
  readonly payload: string;
  /** What the signatures of chunks go on from. */
  readonly chain: {
    readonly key: Uint8Array;
    readonly amzDate: string;
    readonly scope: SigningScope;
    readonly signature: string;
  };
}

interface Claim {
  readonly accessKeyId: string;
  readonly scope: SigningScope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly amzDate: string;
  readonly sessionToken: string | null;
  readonly payload: string;
  /** Seconds; null where the signature is in the header. */
  readonly expiresAfterSeconds: number | null;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const MAX_SKEW_MS = 15 * 60_000;
const MAX_PRESIGNED_SECONDS = 7 * 24 * 3600;
/** R2's own region is `auto`, which it knows by this name too. */
const ALIASES: ReadonlyMap<string, string> = new Map([['auto', 'us-east-1']]);

export async function authenticate(request: S3Request, options: AuthenticateOptions): Promise<Authenticated> {
  const { credentials, region, nowMs } = options;
  const presigned = request.query.has('X-Amz-Signature') || request.query.has('X-Amz-Algorithm');
  const claim = presigned ? claimOfQuery(request) : claimOfHeader(request);
  checkScope(claim, region);
  checkSignedHeaders(request, claim);
  const signedAtMs = checkTime(claim, nowMs);
  const grant = await credentials(claim.accessKeyId, claim.sessionToken);
  if (grant === null) {
    if (claim.sessionToken !== null)
      throw new S3Refusal('InvalidToken', 'the session token is not one of this service');
    throw new S3Refusal('InvalidAccessKeyId', 'the access key id is unknown here');
  }
  const key = signingKey(grant.secret, claim.scope);
  const expected = signature(key, ALGORITHM, claim.amzDate, claim.scope, [hashOf(request, claim)]);
  if (!(await sameSecret(expected, claim.signature))) {
    throw new S3Refusal('SignatureDoesNotMatch', 'the signature is not the one that this request has with its secret');
  }
  if (claim.expiresAfterSeconds !== null && nowMs > signedAtMs + claim.expiresAfterSeconds * 1000) {
    throw new S3Refusal('AccessDenied', 'Request has expired');
  }
  if (grant.expiresAtMs !== undefined && nowMs >= grant.expiresAtMs) {
    throw new S3Refusal('ExpiredToken', 'the temporary credentials have expired');
  }
  const { amzDate, scope, payload } = claim;
  return { grant, payload, chain: { key, amzDate, scope, signature: expected } };
}

function claimOfHeader({ raw: { headers } }: S3Request): Claim {
  const authorization = headers.get('authorization');
  if (authorization === null) throw new S3Refusal('AccessDenied', 'the request is not signed');
  if (!authorization.startsWith(`${ALGORITHM} `)) {
    throw new S3Refusal('InvalidRequest', `requests are signed with ${ALGORITHM}`);
  }
  const parts = new Map(
    authorization
      .slice(ALGORITHM.length)
      .split(',')
      .map((part) => part.trim().split('=', 2) as [string, string]),
  );
  const fault = (what: string) => new S3Refusal('AuthorizationHeaderMalformed', `the Authorization header ${what}`);
  const date = headers.get('x-amz-date') ?? amzDateOf(headers.get('date'));
  if (date === null) throw new S3Refusal('AccessDenied', 'a signed request has a date: x-amz-date');
  const payload = headers.get('x-amz-content-sha256');
  if (payload === null) throw new S3Refusal('InvalidRequest', 'a signed request has the header x-amz-content-sha256');
  return {
    ...credentialOf(parts.get('Credential') ?? '', fault),
    signedHeaders: (parts.get('SignedHeaders') ?? '').split(';'),
    signature: parts.get('Signature') ?? '',
    amzDate: date,
    sessionToken: headers.get('x-amz-security-token'),
    payload,
    expiresAfterSeconds: null,
  };
}

function claimOfQuery({ query, raw: { headers } }: S3Request): Claim {
  const fault = (what: string) => new S3Refusal('AuthorizationQueryParametersError', `the presigned URL ${what}`);
  if (query.get('X-Amz-Algorithm') !== ALGORITHM) throw fault(`is not signed with ${ALGORITHM}`);
  const expires = query.get('X-Amz-Expires') ?? '';
  const seconds = /^\d{1,16}$/.test(expires) ? Number(expires) : 0;
  if (seconds < 1 || seconds > MAX_PRESIGNED_SECONDS) {
    throw fault(`has no X-Amz-Expires of 1 to ${MAX_PRESIGNED_SECONDS} seconds`);
  }
  return {
    ...credentialOf(query.get('X-Amz-Credential') ?? '', fault),
    signedHeaders: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature: query.get('X-Amz-Signature') ?? '',
    amzDate: query.get('X-Amz-Date') ?? '',
    sessionToken: query.get('X-Amz-Security-Token') ?? null,
    payload: headers.get('x-amz-content-sha256') ?? query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
    expiresAfterSeconds: seconds,
  };
}

function credentialOf(credential: string, fault: (what: string) => S3Refusal): Pick<Claim, 'accessKeyId' | 'scope'> {
  const [accessKeyId = '', day = '', region = '', service = '', end, ...more] = credential.split('/');
  if (accessKeyId === '' || !/^\d{8}$/.test(day) || end !== 'aws4_request' || more.length > 0) {
    throw fault('has no Credential of the form key/day/region/s3/aws4_request');
  }
  return { accessKeyId, scope: { day, region, service } };
}

function checkScope({ scope, amzDate }: Claim, region: string): void {
  if (scope.service !== 's3')
    throw new S3Refusal('AuthorizationHeaderMalformed', 'the service that is signed for is s3');
  if (scope.region !== region && scope.region !== ALIASES.get(region)) {
    const said = `the region '${scope.region.slice(0, 40)}' is wrong; expecting '${region}'`;
    throw new S3Refusal('AuthorizationHeaderMalformed', said, { details: { Region: region } });
  }
  if (!amzDate.startsWith(scope.day)) {
    throw new S3Refusal('AuthorizationHeaderMalformed', 'the date of the credential is not that of the request');
  }
}

/** What is not signed could be changed on the way: the host, and whatever the service acts on. */
function checkSignedHeaders({ raw: { headers } }: S3Request, { signedHeaders, expiresAfterSeconds }: Claim): void {
  const signed = new Set(signedHeaders);
  const unsigned = [...headers.keys()].find(
    (name) => name.startsWith('x-amz-') && !signed.has(name) && !isPresignedPayload(name, expiresAfterSeconds),
  );
  if (unsigned !== undefined || !signed.has('host')) {
    const details = { HeadersNotSigned: unsigned ?? 'host' };
    throw new S3Refusal('AccessDenied', 'There were headers present in the request which were not signed', { details });
  }
}

/** A presigned URL does not sign the body; its hash may be sent all the same, and is checked. */
function isPresignedPayload(name: string, expiresAfterSeconds: number | null): boolean {
  return expiresAfterSeconds !== null && name === 'x-amz-content-sha256';
}

/** When the request was signed, in milliseconds. */
function checkTime({ amzDate, expiresAfterSeconds }: Claim, nowMs: number): number {
  const iso = amzDate.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const signedAtMs = iso === amzDate ? Number.NaN : Date.parse(iso);
  if (Number.isNaN(signedAtMs)) throw new S3Refusal('AccessDenied', 'the date of the signature is no date');
  const aheadMs = signedAtMs - nowMs;
  const tooOld = expiresAfterSeconds === null && aheadMs < -MAX_SKEW_MS;
  if (aheadMs > MAX_SKEW_MS || tooOld) {
    throw new S3Refusal('RequestTimeTooSkewed', 'the time of the request and the time here differ too much', {
      details: {
        RequestTime: amzDate,
        ServerTime: new Date(nowMs).toISOString(),
        MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS),
      },
    });
  }
  return signedAtMs;
}

function hashOf(request: S3Request, claim: Claim): string {
  const { raw, method, path, queryPairs } = request;
  return requestHash({
    method,
    path,
    query: queryPairs.filter(([name]) => name !== 'X-Amz-Signature'),
    headers: headersAsSent(raw),
    host: raw.headers.get('host') ?? new URL(raw.url).host,
    signedHeaders: claim.signedHeaders,
    payloadHash: claim.payload,
  });
}

/** Clients that sign `accept-encoding` (AWS' SDK for Go) sign what they send, which workerd replaces. */
function headersAsSent({ headers, cf }: IncomingRequest): Headers {
  if (typeof cf?.clientAcceptEncoding !== 'string') return headers;
  const sent = new Headers(headers);
  sent.set('accept-encoding', cf.clientAcceptEncoding);
  return sent;
}

function amzDateOf(date: string | null): string | null {
  const ms = date === null ? Number.NaN : Date.parse(date);
  return Number.isNaN(ms) ? null : `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}
