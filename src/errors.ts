/**
 * Every error icestream throws on purpose is an {@link IcestreamError}: it says what happened, where, and what to
 * do, carries a stable `code`, and never holds a secret.
 */

/** Stable codes, grouped by who can act on them; the command line maps each group to an exit code. */
export type ErrorCode =
  // the caller's request
  | 'INVALID_ARGUMENT'
  | 'UNSUPPORTED'
  | 'MEMORY_LIMIT_TOO_SMALL'
  | 'ABORTED'
  // the source data
  | 'SOURCE_UNREADABLE'
  | 'SOURCE_CORRUPT'
  | 'SOURCE_EMPTY'
  | 'SCHEMA_MISMATCH'
  | 'INVALID_VALUE'
  | 'TOO_MANY_BAD_ROWS'
  // tables and catalogs
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'INVALID_METADATA'
  | 'COMMIT_CONFLICT'
  | 'COMMIT_FAILED'
  | 'COMMIT_STATE_UNKNOWN'
  | 'COMMIT_HISTORY_EXPIRED'
  // the services
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'UNAVAILABLE'
  | 'INVALID_RESPONSE'
  | 'STORAGE_FULL'
  | 'PRECONDITION_FAILED'
  // the library itself
  | 'ROW_COUNT_MISMATCH'
  | 'ENGINE_FAILED';

/** Where an error happened; every field is optional and safe to print. */
export interface ErrorPlace {
  /** A location or file name (credentials in URLs are removed before they get here). */
  readonly file?: string;
  /** 1-based line of a text source. */
  readonly line?: number;
  /** 0-based row of the source. */
  readonly row?: number;
  /** Column path, dotted. */
  readonly column?: string;
  /** Name of the option at fault. */
  readonly option?: string;
  /** Table identifier, dotted. */
  readonly table?: string;
  /** HTTP status of the answer that caused it. */
  readonly status?: number;
  /** Where a memory limit is too small: one that would do, or do so far, in bytes. */
  readonly neededBytes?: number;
}

/** Constructor options of {@link IcestreamError}. */
export interface IcestreamErrorOptions extends ErrorPlace {
  readonly cause?: unknown;
  /** Whether the same call may succeed when it is made again. Default false. */
  readonly retryable?: boolean;
  /** Files that were uploaded and could not be removed, or must not be (unknown outcome). */
  readonly leftBehind?: readonly string[];
}

/** The base of all errors; test `code`, not the class, where a bundle may hold two copies of the library. */
export class IcestreamError extends Error {
  override readonly name: string = 'IcestreamError';
  readonly code: ErrorCode;
  readonly place: ErrorPlace;
  readonly retryable: boolean;
  readonly leftBehind: readonly string[];

  constructor(code: ErrorCode, message: string, options: IcestreamErrorOptions = {}) {
    const { cause, retryable, leftBehind, ...place } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.place = place;
    this.retryable = retryable ?? false;
    this.leftBehind = leftBehind ?? [];
  }
}

/**
 * A commit was sent and nobody can tell whether it was applied. Nothing was deleted: the staged files are in
 * `leftBehind`, and `commitId` finds the snapshot later.
 */
export class CommitStateUnknownError extends IcestreamError {
  override readonly name = 'CommitStateUnknownError';
  readonly commitId: string;
  readonly snapshotId: bigint;

  constructor(
    message: string,
    options: IcestreamErrorOptions & { readonly commitId: string; readonly snapshotId: bigint },
  ) {
    const { commitId, snapshotId, ...rest } = options;
    super('COMMIT_STATE_UNKNOWN', message, rest);
    this.commitId = commitId;
    this.snapshotId = snapshotId;
  }
}

/**
 * A commit id was not found in the table, and the table no longer keeps the snapshots of its time: writing again could
 * double the rows, so nothing was written.
 */
export class CommitHistoryExpiredError extends IcestreamError {
  override readonly name = 'CommitHistoryExpiredError';
  readonly commitId: string;

  constructor(message: string, options: IcestreamErrorOptions & { readonly commitId: string }) {
    const { commitId, ...rest } = options;
    super('COMMIT_HISTORY_EXPIRED', message, rest);
    this.commitId = commitId;
  }
}
