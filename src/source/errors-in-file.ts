/** Errors of a source name the file they happened in. */
import { IcestreamError } from '../errors.ts';

/** The same error with the file's name, unless it has one; errors of the engine itself stay as they are. */
export function inFile(error: unknown, file: string): unknown {
  if (!(error instanceof IcestreamError) || error.place.file !== undefined) return error;
  if (error.code === 'ENGINE_FAILED' || error.code === 'ABORTED') return error;
  const message = error.message.startsWith(file) ? error.message : `${file}: ${error.message}`;
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
