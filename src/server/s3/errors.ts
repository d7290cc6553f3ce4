/** What a request is refused with: a code of S3, its status, and words that name no secret. */
import { r2Code } from '../../storage/r2/errors.ts';

const STATUS = {
  AccessDenied: 403,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BucketAlreadyOwnedByYou: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  ExpiredToken: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidToken: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedTrailerError: 400,
  MalformedXML: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  XAmzContentSHA256Mismatch: 400,
} as const;

export type S3ErrorCode = keyof typeof STATUS;

export interface S3RefusalOptions {
  /** Further elements of the answer. */
  readonly details?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is refused; whoever reads the answer sees all of it. */
export class S3Refusal extends Error {
  readonly code: S3ErrorCode;
  readonly status: number;
  readonly details: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: S3ErrorCode, message: string, { details = {}, headers = {} }: S3RefusalOptions = {}) {
    super(message);
    this.code = code;
    this.status = STATUS[code];
    this.details = details;
    this.headers = headers;
  }
}

export function noSuchKey(): S3Refusal {
  return new S3Refusal('NoSuchKey', 'there is no object of this key');
}

export function noSuchUpload(): S3Refusal {
  return new S3Refusal('NoSuchUpload', 'there is no such upload; it was completed or aborted');
}

export function notImplemented(what: string): S3Refusal {
  return new S3Refusal('NotImplemented', `this gateway does not offer ${what}`);
}

/** By the number that ends the binding's messages (https://developers.cloudflare.com/r2/api/error-codes/). */
const OF_R2: ReadonlyMap<number, readonly [S3ErrorCode, string]> = new Map([
  [10006, ['NoSuchBucket', 'the bucket of the binding does not exist']],
  [10007, ['NoSuchKey', 'there is no object of this key']],
  [10011, ['EntityTooSmall', 'a part that is not the last has less than 5 MiB']],
  [10012, ['MetadataTooLarge', 'the metadata of an object are limited to 2 KiB']],
  [10020, ['InvalidArgument', 'R2 does not take this key']],
  [10022, ['InvalidArgument', 'R2 does not take this list']],
  [10024, ['NoSuchUpload', 'there is no such upload; it was completed or aborted']],
  [10025, ['InvalidPart', 'a part was not uploaded, or its etag is another one']],
  [10029, ['InvalidArgument', 'R2 does not take what was asked for']],
  [10031, ['PreconditionFailed', 'the precondition does not hold']],
  [10039, ['InvalidRange', 'the object has none of these bytes']],
  [10048, ['InvalidPart', 'R2 takes only parts of one size, the last one excepted']],
  [10058, ['SlowDown', 'too many writes to one key']],
  [100_100, ['EntityTooLarge', 'a put or a part has at most 5 GiB less 5 MiB']],
]);

/** An unexpected error is told to nobody but the server's own log. */
export function refusalOf(error: unknown): S3Refusal {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof S3Refusal) return at;
  const [code, message] = OF_R2.get(r2Code(error) ?? 0) ?? [
    'InternalError',
    'the bucket could not be asked; try again',
  ];
  return new S3Refusal(code, message);
}
