/** What a browser's file system errors mean: DOMException by name. */
import { type ErrorCode, IcestreamError } from '../../errors.ts';
import { notFound, shown } from '../store-errors.ts';

const MEANING: ReadonlyMap<string, readonly [ErrorCode, string]> = new Map([
  ['QuotaExceededError', ['STORAGE_FULL', 'the browser gives this site no more space; free some and try again']],
  ['NotAllowedError', ['FORBIDDEN', 'the browser does not allow it']],
  ['SecurityError', ['FORBIDDEN', 'the browser keeps no files for this page (private window, or not HTTPS)']],
  ['TypeMismatchError', ['INVALID_ARGUMENT', 'it is a folder, or a part of its path is a file']],
  ['TypeError', ['INVALID_ARGUMENT', 'the browser does not take this name']],
  ['NoModificationAllowedError', ['UNAVAILABLE', 'another page has it open']],
  ['NotReadableError', ['UNAVAILABLE', 'it was replaced while it was read; read it again']],
  ['InvalidStateError', ['UNAVAILABLE', 'the browser lost it; try again']],
]);

/** There is no file of that name, or a folder in its place. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Error && ['NotFoundError', 'TypeMismatchError'].includes(error.name);
}

/** An {@link IcestreamError} for what happened to `location`; errors that are none of the file system's stay as they are. */
export function opfsError(error: unknown, location: string): unknown {
  if (!(error instanceof Error) || error instanceof IcestreamError) return error;
  if (error.name === 'NotFoundError') return notFound(location, { cause: error });
  const meaning = MEANING.get(error.name);
  if (meaning === undefined) return error;
  const [code, text] = meaning;
  const file = shown(location);
  return new IcestreamError(code, `${file}: ${text}`, { file, cause: error, retryable: code === 'UNAVAILABLE' });
}
