/** Exit codes of the command line, by who can act on the error. */
import { type ErrorCode, IcestreamError } from '../errors.ts';

/** `icestream --help` prints this table. */
export const exitCodes = {
  ok: 0,
  internal: 1,
  usage: 2,
  source: 3,
  table: 4,
  access: 5,
  service: 6,
  conflict: 7,
  unknown: 8,
  aborted: 130,
} as const;

const byCode: Record<ErrorCode, number> = {
  INVALID_ARGUMENT: exitCodes.usage,
  UNSUPPORTED: exitCodes.usage,
  MEMORY_LIMIT_TOO_SMALL: exitCodes.usage,
  ABORTED: exitCodes.aborted,
  SOURCE_UNREADABLE: exitCodes.source,
  SOURCE_CORRUPT: exitCodes.source,
  SOURCE_EMPTY: exitCodes.source,
  SCHEMA_MISMATCH: exitCodes.source,
  INVALID_VALUE: exitCodes.source,
  TOO_MANY_BAD_ROWS: exitCodes.source,
  NOT_FOUND: exitCodes.table,
  ALREADY_EXISTS: exitCodes.table,
  INVALID_METADATA: exitCodes.table,
  COMMIT_CONFLICT: exitCodes.conflict,
  COMMIT_FAILED: exitCodes.conflict,
  COMMIT_STATE_UNKNOWN: exitCodes.unknown,
  COMMIT_HISTORY_EXPIRED: exitCodes.unknown,
  UNAUTHENTICATED: exitCodes.access,
  FORBIDDEN: exitCodes.access,
  UNAVAILABLE: exitCodes.service,
  INVALID_RESPONSE: exitCodes.service,
  STORAGE_FULL: exitCodes.service,
  PRECONDITION_FAILED: exitCodes.conflict,
  ROW_COUNT_MISMATCH: exitCodes.internal,
  ENGINE_FAILED: exitCodes.internal,
};

export function exitCodeOf(error: unknown): number {
  return error instanceof IcestreamError ? byCode[error.code] : exitCodes.internal;
}

export const exitCodeHelp = `Exit codes:
  0  done
  1  an error of icestream itself
  2  the command's words are wrong, or ask for something not supported
  3  the source: unreadable, corrupt, or its rows do not fit the table
  4  the table: not found, exists already, broken metadata
  5  access: a token, key or permission
  6  a service: unreachable, answers nonsense, or is full
  7  the table changed under the write and retries ended; nothing was committed
  8  nobody can tell whether the commit was applied: nothing was deleted, ask again with the same --commit-id
     or --writer and --sequence
  130  interrupted; nothing was committed`;
