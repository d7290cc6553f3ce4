/** What the operating system's errors mean. */
import { type ErrorCode, IcestreamError } from '../../errors.ts';
import { notFound, preconditionFailed, shown } from '../store-errors.ts';

const MEANING: ReadonlyMap<string, readonly [ErrorCode, string]> = new Map([
  ['ENOSPC', ['STORAGE_FULL', 'the disk is full; free some space and try again']],
  ['EFBIG', ['STORAGE_FULL', 'the file would be larger than the system allows (ulimit -f); raise that limit']],
  ['EDQUOT', ['STORAGE_FULL', 'the disk quota is used up; free some space and try again']],
  ['EACCES', ['FORBIDDEN', 'permission denied; check the owner and the mode of the file and its folder']],
  ['EPERM', ['FORBIDDEN', 'the operation is not permitted here']],
  ['EROFS', ['FORBIDDEN', 'the file system is read-only']],
  ['EISDIR', ['INVALID_ARGUMENT', 'it is a folder, not a file']],
  ['ENOTDIR', ['INVALID_ARGUMENT', 'a part of its path is a file, not a folder']],
  ['ENAMETOOLONG', ['INVALID_ARGUMENT', 'the name is longer than the file system allows']],
  ['EMFILE', ['UNAVAILABLE', 'too many files are open; raise the limit (ulimit -n)']],
  ['ENFILE', ['UNAVAILABLE', 'too many files are open on this machine']],
]);

/** The `code` of a Node error, or null. */
export function systemCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** An {@link IcestreamError} for what happened to `location`; errors that are none of the system's stay as they are. */
export function localError(error: unknown, location: string): unknown {
  const code = systemCode(error);
  if (code === null || error instanceof IcestreamError) return error;
  if (code === 'ENOENT') return notFound(location, { cause: error });
  if (code === 'EEXIST') return preconditionFailed(location, 'a file is there already', { cause: error });
  if (code === 'ABORT_ERR') return error;
  const file = shown(location);
  const [meaning, text] = MEANING.get(code) ?? ['UNAVAILABLE', `the system answered ${code}`];
  return new IcestreamError(meaning, `${file}: ${text}`, { file, cause: error, retryable: meaning === 'UNAVAILABLE' });
}
