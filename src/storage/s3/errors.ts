/** What the answers of an S3 server mean. Their XML echoes keys and signatures: only code and message pass. */
import { type ErrorCode, IcestreamError, type IcestreamErrorOptions } from '../../errors.ts';
import { printable } from '../../util/location.ts';
import { shown } from '../store-errors.ts';
import { childText, parseXml } from './xml.ts';

/** An error with what the retry loop needs to know of it. */
export class S3Error extends IcestreamError {
  /** `NoSuchKey`, `SlowDown`, …; null where the answer had none (a HEAD, a page of a proxy). */
  readonly s3Code: string | null;
  readonly retryAfterMs: number | null;
  /** Whether the request may have been carried out all the same. */
  readonly ambiguous: boolean;
  /** The server's clock, where it said; milliseconds since the epoch. */
  readonly serverTimeMs: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: IcestreamErrorOptions & {
      readonly s3Code?: string | null;
      readonly retryAfterMs?: number | null;
      readonly ambiguous?: boolean;
      readonly serverTimeMs?: number | null;
    },
  ) {
    const { s3Code, retryAfterMs, ambiguous, serverTimeMs, ...rest } = options;
    super(code, message, rest);
    this.s3Code = s3Code ?? null;
    this.retryAfterMs = retryAfterMs ?? null;
    this.ambiguous = ambiguous ?? false;
    this.serverTimeMs = serverTimeMs ?? null;
  }
}

/** What a request was about, for messages. */
export interface S3Target {
  readonly location: string;
  readonly bucket: string;
  /** `host[:port]` it was sent to. */
  readonly host: string;
}

const CREDENTIAL_CODES = new Set([
  'AccessKeyIdNotFound',
  'AuthFailure',
  'AuthorizationQueryParametersError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSecurity',
  'InvalidToken',
  'NotSignedUp',
  'RequestExpired',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
  'UnauthorizedAccess',
]);
const FULL_CODES = new Set(['XMinioStorageFull', 'InsufficientStorage', 'QuotaExceeded', 'EntityQuotaExceeded']);
const BUSY_CODES = new Set([
  'InternalError',
  'OperationAborted',
  'ConditionalRequestConflict',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'SlowDownRead',
  'SlowDownWrite',
  'ThrottlingException',
  'TooManyRequests',
]);

export interface S3Failure {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  readonly retryAfterMs: number | null;
}

/** The error for an answer that is none of those the caller expected. */
export function errorOf(failure: S3Failure, target: S3Target): S3Error {
  const { status } = failure;
  const xml = readErrorXml(failure.body);
  const file = shown(target.location);
  const said = describe(failure, xml);
  const serverTimeMs = timeOf(xml?.serverTime ?? null) ?? timeOf(failure.headers.get('date'));
  const make = (code: ErrorCode, text: string, more: { retryable?: boolean; ambiguous?: boolean } = {}) =>
    new S3Error(code, `${text} (${said})`, {
      file,
      status,
      s3Code: xml?.code ?? null,
      retryAfterMs: failure.retryAfterMs,
      serverTimeMs,
      ...more,
    });
  const s3Code = xml?.code ?? '';
  const full = FULL_CODES.has(s3Code) || status === 507 || /no space left/i.test(xml?.message ?? '');
  if (full) return make('STORAGE_FULL', `${target.host} has no room for ${file}`);
  if (BUSY_CODES.has(s3Code) || status >= 500 || status === 429 || status === 408) {
    const final = status === 501;
    const text = final
      ? `${target.host} does not offer what was asked for ${file}`
      : `${target.host} could not serve ${file}`;
    return make(final ? 'UNSUPPORTED' : 'UNAVAILABLE', text, { retryable: !final, ambiguous: status >= 500 && !final });
  }
  if (CREDENTIAL_CODES.has(s3Code) || status === 401) {
    return make('UNAUTHENTICATED', `${target.host} did not accept the credentials for ${file}${adviceFor(s3Code)}`);
  }
  if (s3Code === 'AuthorizationHeaderMalformed' || s3Code === 'PermanentRedirect' || isRedirect(status)) {
    return make('INVALID_ARGUMENT', `${file} is not served by this endpoint and region${regionOf(failure, xml)}`);
  }
  if (status === 403) return make('FORBIDDEN', `the credentials do not allow this for ${file}`);
  if (s3Code === 'NoSuchBucket') return make('NOT_FOUND', `there is no bucket "${target.bucket}" at ${target.host}`);
  if (s3Code === 'NoSuchUpload') return make('NOT_FOUND', `the upload of ${file} is gone; it was ended elsewhere`);
  if (status === 404 && (xml === null ? failure.body === '' : true))
    return make('NOT_FOUND', `there is no object at ${file}`);
  if (status === 412) return make('PRECONDITION_FAILED', `${file} was not written: its precondition does not hold`);
  if (xml !== null) return make('INVALID_RESPONSE', `${target.host} refused the request for ${file}`);
  return make('INVALID_RESPONSE', `${target.host} does not answer like an S3 server; check the endpoint`);
}

/** No answer came: network, name, certificate, or in a browser the bucket's CORS rules. */
export function networkError(cause: unknown, target: S3Target, why: string, ambiguous: boolean): S3Error {
  const file = shown(target.location);
  return new S3Error(
    'UNAVAILABLE',
    `no answer from ${target.host} for ${file}: ${why} (in a browser, missing CORS rules of the bucket look the same)`,
    { file, cause, retryable: true, ambiguous },
  );
}

const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Whether a failed request did not even reach a server, where the runtime says so much. */
export function neverSent(error: unknown): boolean {
  const codes = [error, error instanceof Error ? error.cause : null].map((e) =>
    e instanceof Error && 'code' in e ? String(e.code) : '',
  );
  return codes.some((code) => NEVER_CONNECTED.has(code));
}

interface ErrorXml {
  readonly code: string;
  readonly message: string;
  readonly region: string | null;
  readonly serverTime: string | null;
}

/** Null when `body` is no error of S3. */
export function readErrorXml(body: string): ErrorXml | null {
  try {
    const root = parseXml(body.trim());
    const error = root.name === 'Error' ? root : root.children.find((child) => child.name === 'Error');
    if (error === undefined) return null;
    return {
      code: childText(error, 'Code') ?? '',
      message: childText(error, 'Message') ?? '',
      region: childText(error, 'Region'),
      serverTime: childText(error, 'ServerTime'),
    };
  } catch {
    return null;
  }
}

function describe({ status, headers }: S3Failure, xml: ErrorXml | null): string {
  const requestId = headers.get('x-amz-request-id');
  const parts = [`status ${status}`];
  if (xml !== null && xml.code !== '') parts.push(printable(xml.code, 60));
  if (xml !== null && xml.message !== '' && !CREDENTIAL_CODES.has(xml.code)) parts.push(scrubMessage(xml.message));
  if (requestId !== null) parts.push(`request ${printable(requestId, 60)}`);
  return parts.join(', ');
}

/** Access key ids and everything long enough to be a key, a token or a signature is left out. */
function scrubMessage(message: string): string {
  return printable(message.replace(/\b(AKIA|ASIA)[A-Z0-9]{8,}/g, '…').replace(/[A-Za-z0-9+/=_-]{36,}/g, '…'), 200);
}

function adviceFor(s3Code: string): string {
  if (s3Code === 'SignatureDoesNotMatch') return ': the secret access key is wrong, or a proxy changes requests';
  if (s3Code === 'InvalidAccessKeyId') return ': the access key id is unknown there';
  if (s3Code === 'RequestTimeTooSkewed') return ': the clocks differ too much';
  return s3Code.includes('Token') ? ': the session token is invalid or has expired' : '';
}

function regionOf({ headers }: S3Failure, xml: ErrorXml | null): string {
  const region = headers.get('x-amz-bucket-region') ?? xml?.region ?? null;
  return region === null ? '; check s3.endpoint and s3.region' : `; s3.region should be ${printable(region, 40)}`;
}

/** 0 is how browsers show a redirect that was not followed. */
function isRedirect(status: number): boolean {
  return status === 0 || (status >= 300 && status < 400);
}

function timeOf(text: string | null): number | null {
  const ms = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
