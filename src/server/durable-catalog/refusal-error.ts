import { formatNamespace } from '../../catalog/identifier.ts';
import { IcestreamError } from '../../errors.ts';
import type { ChangeRefusal } from './change.ts';

/** The error that a refused change is. */
export function refusalError({ why, subject, by }: ChangeRefusal): IcestreamError {
  const shown = formatNamespace(subject);
  const other = formatNamespace(by ?? []);
  switch (why) {
    case 'no-namespace':
      return new IcestreamError('NOT_FOUND', `there is no namespace ${shown}; check the name, or create it`);
    case 'namespace-exists':
      return new IcestreamError('ALREADY_EXISTS', `the namespace ${shown} exists already`);
    case 'not-empty':
      return new IcestreamError(
        'INVALID_ARGUMENT',
        `the namespace ${shown} is not empty: it holds ${other}; drop what is in it first`,
      );
    case 'no-table':
      return new IcestreamError('NOT_FOUND', `there is no table ${shown}; check the name`, { table: shown });
    case 'table-exists':
      return new IcestreamError('ALREADY_EXISTS', `the table ${shown} exists already`, { table: shown });
    case 'folder-taken':
      return new IcestreamError('INVALID_ARGUMENT', `the location of ${shown} overlaps that of the table ${other}`, {
        table: shown,
        option: 'location',
      });
    case 'folder-purged':
      return new IcestreamError(
        'INVALID_ARGUMENT',
        `the location of ${shown} overlaps that of ${other}, a dropped table whose files are being removed; try again later, or take another location`,
        { table: shown, option: 'location' },
      );
    case 'moved':
      return new IcestreamError('COMMIT_CONFLICT', `another writer committed to ${shown} first`, {
        table: shown,
        retryable: true,
      });
  }
}
