/** Errors of a source name the file they happened in, and say what to do. */
import { type ErrorCode, IcestreamError } from '../errors.ts';
import { leaseForReader, type MemoryLease, readerShareBytes } from '../util/memory-budget.ts';

/** What to do, by what the engine found in a file. */
export type Advice = Partial<Readonly<Record<ErrorCode, string>>>;

export const DAMAGED: Advice = {
  SOURCE_CORRUPT: 'the file is damaged or not complete: get it again, or write it anew',
};

export const BAD_ROW: Advice = {
  INVALID_VALUE: "correct the row, give the column another type, or leave such rows out (onBadRow: 'reject')",
};

/** Where nothing else shows how many columns there are. */
export const BAD_ONLY_ROW: Advice = {
  INVALID_VALUE:
    'correct the row, or name as many columns as it has (csv.columnNames, option schema), or leave such rows out ' +
    "(onBadRow: 'reject')",
};

/** The same error with the file's name, unless it has one; errors of the engine itself stay as they are. */
export function inFile(error: unknown, file: string, advice: Advice = {}): unknown {
  if (!(error instanceof IcestreamError) || error.place.file !== undefined) return error;
  if (error.code === 'ENGINE_FAILED' || error.code === 'ABORTED') return error;
  const named = error.message.startsWith(file) ? error.message : `${file}: ${error.message}`;
  const what = advice[error.code];
  const message = what === undefined ? named : `${named.trimEnd()}; ${what}`;
  return new IcestreamError(error.code, message, {
    ...error.place,
    file,
    cause: error,
    retryable: error.retryable,
    leftBehind: error.leftBehind,
  });
}

/** An error of the outside (a socket, a disk, a caller's iterator) while a source was read. */
export function unreadable(error: unknown, file: string, bytesRead: number): unknown {
  if (error instanceof IcestreamError) return inFile(error, file);
  const reason = error instanceof Error ? error.message : String(error);
  return new IcestreamError('SOURCE_UNREADABLE', `${file}: reading failed after ${bytesRead} bytes: ${reason}`, {
    file,
    cause: error,
  });
}

/**
 * A limit that is too small for a Parquet reader, in terms of the lease that it has its share of, and of the limit. Where the reader was
 * within its limit and the engine was full, no number is given: that is for whoever has planned the engine's.
 */
export function readerTooSmall(error: IcestreamError, name: string, lease: MemoryLease): IcestreamError {
  const { neededBytes = 0, ...place } = error.place;
  const isOfReader = neededBytes > readerShareBytes(lease.limitBytes);
  const needed = isOfReader ? lease.limitFor(leaseForReader(neededBytes)) : null;
  const advice =
    needed === null ? '' : `; raise memoryLimitBytes to ${needed} or more, or write the file with smaller pages`;
  return new IcestreamError('MEMORY_LIMIT_TOO_SMALL', `${name}: ${error.message}${advice}`, {
    ...place,
    ...(needed === null ? {} : { neededBytes: needed }),
    file: name,
    option: 'memoryLimitBytes',
    cause: error,
  });
}
