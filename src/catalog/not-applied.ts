import { IcestreamError } from '../errors.ts';
import type { CommitAnswer } from './catalog.ts';

const STATUS: ReadonlyMap<string, number> = new Map([
  ['FORBIDDEN', 403],
  ['NOT_FOUND', 404],
  ['ALREADY_EXISTS', 409],
  ['STORAGE_FULL', 507],
]);

/** The answer to a commit of which nothing was written: the store could not be read, or refused the write. */
export function notApplied(cause: unknown): CommitAnswer {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (!(cause instanceof IcestreamError)) return { kind: 'rejected', status: 400, message, cause };
  if (cause.code === 'UNAUTHENTICATED') return { kind: 'unauthenticated', message };
  if (cause.retryable || cause.code === 'UNAVAILABLE') return { kind: 'throttled', retryAfterMs: null };
  return { kind: 'rejected', status: STATUS.get(cause.code) ?? 400, message, cause };
}
