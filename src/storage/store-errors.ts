/** Errors that all stores word alike. */
import { IcestreamError } from '../errors.ts';
import { invalidLocation, printable, scrubUrl } from '../util/location.ts';

/** A location as messages show it. */
export function shown(location: string): string {
  return printable(scrubUrl(location));
}

export function notFound(location: string, options: { cause?: unknown; status?: number } = {}): IcestreamError {
  const file = shown(location);
  return new IcestreamError('NOT_FOUND', `there is no object at ${file}`, { file, ...options });
}

export function preconditionFailed(
  location: string,
  why: string,
  options: { cause?: unknown; status?: number } = {},
): IcestreamError {
  const file = shown(location);
  return new IcestreamError('PRECONDITION_FAILED', `${file} was not written: ${why}`, { file, ...options });
}

export function otherStore(location: string, mine: string): IcestreamError {
  return invalidLocation(location, `this store serves ${mine} only`);
}

/** @throws IcestreamError INVALID_ARGUMENT when the range is not `0 <= start <= end`, in whole bytes. */
export function checkRange(start: number, end: number | undefined): void {
  if (Number.isSafeInteger(start) && start >= 0 && (end === undefined || (Number.isSafeInteger(end) && end >= start))) {
    return;
  }
  throw new IcestreamError('INVALID_ARGUMENT', `the byte range [${start}, ${end ?? 'end'}) is not one`, {
    option: 'range',
  });
}

/** An upload was used after it ended or failed. */
export function uploadEnded(location: string, state: string): IcestreamError {
  const file = shown(location);
  return new IcestreamError('INVALID_ARGUMENT', `the upload of ${file} is ${state}; it takes no more calls`, { file });
}
