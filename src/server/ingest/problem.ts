/** What a request is answered when it fails: `{ "error": { "code", "message", … } }`, and a status by code. */
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { CommitStateUnknownError, type ErrorCode, IcestreamError } from '../../errors.ts';

/** Codes of the app itself, beside those of {@link IcestreamError}. */
export type RequestCode =
  | 'UNAUTHORIZED'
  | 'ORIGIN_NOT_ALLOWED'
  | 'TABLE_NOT_ALLOWED'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'BODY_TOO_LARGE'
  | 'TOO_MANY_ROWS'
  | 'TOO_MANY_WRITES'
  | 'BAD_REQUEST'
  | 'METHOD_NOT_ALLOWED'
  | 'NOT_FOUND';

/** A request that is refused before or beside the write. */
export class RequestProblem extends Error {
  readonly status: ContentfulStatusCode;
  readonly code: RequestCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ContentfulStatusCode,
    code: RequestCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

const STATUS: Record<ErrorCode, ContentfulStatusCode> = {
  INVALID_ARGUMENT: 400,
  UNSUPPORTED: 422,
  MEMORY_LIMIT_TOO_SMALL: 422,
  ABORTED: 408,
  SOURCE_UNREADABLE: 400,
  SOURCE_CORRUPT: 400,
  SOURCE_EMPTY: 422,
  SCHEMA_MISMATCH: 422,
  INVALID_VALUE: 422,
  TOO_MANY_BAD_ROWS: 422,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  INVALID_METADATA: 500,
  COMMIT_CONFLICT: 503,
  COMMIT_FAILED: 502,
  COMMIT_STATE_UNKNOWN: 503,
  COMMIT_HISTORY_EXPIRED: 410,
  // What the server itself may not do is no fault of the caller's.
  UNAUTHENTICATED: 502,
  FORBIDDEN: 502,
  UNAVAILABLE: 503,
  INVALID_RESPONSE: 502,
  STORAGE_FULL: 507,
  PRECONDITION_FAILED: 503,
  ROW_COUNT_MISMATCH: 500,
  ENGINE_FAILED: 500,
};

const RETRY_AFTER_SECONDS = 5;

/** `table`: of the load, for where to ask when the outcome of its commit is not known. */
export function answerProblem(context: Context, error: unknown, table: string): Response {
  const problem = problemIn(error);
  if (problem !== null) {
    const { status, code, message, headers } = problem;
    return context.json({ error: { code, message } }, status, headers);
  }
  if (!(error instanceof IcestreamError)) {
    return context.json({ error: { code: 'INTERNAL', message: 'the server failed; its log says why' } }, 500);
  }
  const { code, message, place } = error;
  const status = STATUS[code];
  const headers: Record<string, string> = status === 503 ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {};
  if (!(error instanceof CommitStateUnknownError))
    return context.json({ error: { code, message, place } }, status, headers);
  const { commitId } = error;
  const location = `/v1/commits/${commitId}?table=${encodeURIComponent(table)}`;
  return context.json({ error: { code, message, place, commitId, commitUrl: location } }, status, {
    ...headers,
    location,
  });
}

/** Sources name the file when they fail; what made them fail is the cause. */
function problemIn(error: unknown): RequestProblem | null {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof RequestProblem) return at;
  return null;
}
