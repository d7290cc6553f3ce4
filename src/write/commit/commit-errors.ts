/** Errors for commits that were refused for good. */
import type { CommitAnswer, TableIdentifier } from '../../catalog/catalog.ts';
import { formatIdentifier } from '../../catalog/identifier.ts';
import { CommitHistoryExpiredError, type ErrorCode, IcestreamError } from '../../errors.ts';

/** The error for the answer that ended a commit: nothing was applied. */
export function commitFailure(answer: CommitAnswer, identifier: TableIdentifier, retries: number): IcestreamError {
  const table = formatIdentifier(identifier);
  switch (answer.kind) {
    case 'conflict':
      return new IcestreamError(
        'COMMIT_CONFLICT',
        `the commit to ${table} was refused because other writers were faster, ${retries + 1} times (${answer.message}); ` +
          'run it again, or raise the table property commit.retry.num-retries',
        { table, status: 409, retryable: true },
      );
    case 'rejected':
      return new IcestreamError(
        REJECTED.get(answer.status) ?? 'COMMIT_FAILED',
        `the catalog refused the commit to ${table} (${answer.status}): ${answer.message}`,
        { table, status: answer.status, cause: answer.cause },
      );
    case 'unauthenticated':
      return new IcestreamError(
        'UNAUTHENTICATED',
        `the catalog did not accept the credentials for the commit to ${table}: ${answer.message}; nothing was committed`,
        { table, status: 401 },
      );
    case 'throttled':
      return new IcestreamError(
        'UNAVAILABLE',
        `the catalog is too busy to take the commit to ${table} (429); nothing was committed, try again later`,
        { table, status: 429, retryable: true },
      );
    case 'committed':
    case 'unknown':
      return new IcestreamError('COMMIT_FAILED', `the commit to ${table} did not go through`, { table });
  }
}

const REJECTED: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'UNAUTHENTICATED'],
  [403, 'FORBIDDEN'],
  [404, 'NOT_FOUND'],
]);

/**
 * A commit id was not found, and the table no longer keeps the snapshots of its time: whether it was committed
 * cannot be known, and writing again could double the rows.
 */
export function commitHistoryExpired(commitId: string, identifier: TableIdentifier): CommitHistoryExpiredError {
  const table = formatIdentifier(identifier);
  return new CommitHistoryExpiredError(
    `commit ${commitId} is older than the oldest snapshot that ${table} keeps, so it cannot be told whether it was ` +
      'committed; check the rows, and write with a new commitId if they are missing',
    { table, option: 'commitId', commitId },
  );
}
