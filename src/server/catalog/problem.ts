/** What a request is answered when it fails: the protocol's error model, and no more than the client may know. */
import { IcestreamError } from '../../errors.ts';
import { stringifyJson } from '../../util/json.ts';
import type { Answer } from './answer.ts';

/** A request that ends with an error. */
export class CatalogProblem extends Error {
  readonly status: number;
  /** The exception's name in the reference implementation, by which clients know it. */
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    type: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.status = status;
    this.type = type;
    this.headers = headers;
  }
}

/** What a request is about: says what an error of the backend means. */
export interface Subject {
  /** What NOT_FOUND is about. */
  readonly missing: 'table' | 'namespace';
  /** The table's or namespace's name, for messages. */
  readonly shown: string;
  /** Whether metadata that is not valid came with the request, not from the store. Default false. */
  readonly sendsMetadata?: boolean;
  /** Whether the same request can be sent again without harm. Default false. */
  readonly repeatable?: boolean;
}

const MAX_MESSAGE = 2000;

export function problemAnswer({ status, type, message, headers }: CatalogProblem): Answer {
  const error = { message: message.slice(0, MAX_MESSAGE), type, code: status };
  return { status, headers, body: stringifyJson({ error }) };
}

export function badRequest(message: string, options?: ErrorOptions): CatalogProblem {
  return new CatalogProblem(400, 'BadRequestException', message, {}, options);
}

/** 501: the protocol has it, this catalog does not. */
export function notOffered(what: string): CatalogProblem {
  return new CatalogProblem(501, 'UnsupportedOperationException', `this catalog does not ${what}`);
}

export function missing({ missing: kind, shown }: Subject): CatalogProblem {
  return kind === 'table'
    ? new CatalogProblem(404, 'NoSuchTableException', `there is no table ${shown}`)
    : new CatalogProblem(404, 'NoSuchNamespaceException', `there is no namespace ${shown}`);
}

/** The problem that an error of the backend is for the client. What the server itself lacks is said in general words. */
export function problemOf(error: unknown, subject: Subject): CatalogProblem {
  if (error instanceof CatalogProblem) return error;
  if (!(error instanceof IcestreamError)) return failed(500, 'the catalog failed; its log says why', error);
  const { code, message } = error;
  const again = subject.repeatable ? { 'retry-after': '1' } : undefined;
  switch (code) {
    case 'NOT_FOUND':
      return missing(subject);
    case 'ALREADY_EXISTS':
      return new CatalogProblem(409, 'AlreadyExistsException', message);
    case 'COMMIT_CONFLICT':
      return new CatalogProblem(409, 'CommitFailedException', message);
    case 'INVALID_ARGUMENT':
    case 'COMMIT_FAILED':
      return badRequest(message);
    case 'INVALID_METADATA':
      if (subject.sendsMetadata) return badRequest(message);
      return failed(500, `the metadata of ${subject.shown} cannot be read`, error);
    case 'UNSUPPORTED':
      return new CatalogProblem(406, 'UnsupportedOperationException', message);
    case 'UNAUTHENTICATED':
    case 'FORBIDDEN':
      return failed(502, OWN_ACCESS, error);
    case 'STORAGE_FULL':
      return failed(507, STORAGE_FULL, error);
    case 'UNAVAILABLE':
      return failed(503, 'the storage of the catalog gave no answer; it may have done what was asked', error, again);
    default:
      return failed(500, 'the catalog failed; its log says why', error);
  }
}

/** The server's own credentials: no fault of the caller's. */
export const OWN_ACCESS = 'the storage of the catalog refuses it; its operator must look at its credentials';
export const STORAGE_FULL = 'the storage of the catalog is full: nothing was written';

function failed(status: number, message: string, cause: unknown, headers?: Readonly<Record<string, string>>) {
  const type = status === 503 ? 'ServiceUnavailableException' : 'InternalServerError';
  return new CatalogProblem(status, type, message, headers ?? {}, { cause });
}
