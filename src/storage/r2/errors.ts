/** What the binding's errors mean: their number ends the message (https://developers.cloudflare.com/r2/api/error-codes/). */
import { type ErrorCode, IcestreamError } from '../../errors.ts';
import { printable } from '../../util/location.ts';
import { shown } from '../store-errors.ts';

export const NO_SUCH_UPLOAD = 10024;
export const INVALID_RANGE = 10039;
const NO_SUCH_BUCKET = 10006;

const MEANINGS: ReadonlyMap<number, ErrorCode> = new Map([
  [10002, 'UNAUTHENTICATED'],
  [10003, 'FORBIDDEN'],
  [NO_SUCH_BUCKET, 'NOT_FOUND'],
  [10007, 'NOT_FOUND'],
  [10011, 'INVALID_ARGUMENT'],
  [10012, 'INVALID_ARGUMENT'],
  [10020, 'INVALID_ARGUMENT'],
  [10022, 'INVALID_ARGUMENT'],
  [NO_SUCH_UPLOAD, 'NOT_FOUND'],
  [10025, 'INVALID_ARGUMENT'],
  [10029, 'INVALID_ARGUMENT'],
  [10031, 'PRECONDITION_FAILED'],
  [INVALID_RANGE, 'INVALID_ARGUMENT'],
  [10042, 'FORBIDDEN'],
  [10048, 'INVALID_ARGUMENT'],
  [100_100, 'INVALID_ARGUMENT'],
]);

/** The number of an error of the binding; null: it has none, as when the connection was lost. */
export function r2Code(error: unknown): number | null {
  const found = error instanceof Error ? /\((\d+)\)\s*$/.exec(error.message) : null;
  return found === null ? null : Number(found[1]);
}

/** What has no known meaning may succeed when it is done again: internal errors, too many requests, lost connections. */
export function r2Error(error: unknown, location: string): IcestreamError {
  if (error instanceof IcestreamError) return error;
  const code = MEANINGS.get(r2Code(error) ?? 0);
  const file = shown(location);
  const why = printable(error instanceof Error ? error.message : String(error));
  return new IcestreamError(code ?? 'UNAVAILABLE', `R2 refused ${file}: ${why}`, {
    file,
    cause: error,
    retryable: code === undefined,
  });
}
