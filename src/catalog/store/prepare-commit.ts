/** From a commit's requirements and updates to the next version's metadata; nothing is written. */
import { IcestreamError } from '../../errors.ts';
import { applyUpdates } from '../../spec/apply-updates.ts';
import { appendMetadataLog } from '../../spec/metadata-log.ts';
import { checkRequirements } from '../../spec/requirements-check.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import type { CommitAnswer, CommitRequest } from '../catalog.ts';
import type { TableVersion } from './version-file.ts';

export type PreparedCommit =
  | { readonly kind: 'write'; readonly metadata: TableMetadata }
  /** There is nothing to change. */
  | { readonly kind: 'unchanged'; readonly metadata: TableMetadata; readonly location: string }
  | { readonly kind: 'answer'; readonly answer: CommitAnswer };

export interface PrepareOptions {
  /** Where the table must stay. */
  readonly location: string;
  readonly nowMs: number;
  /** The table, for messages. */
  readonly shown: string;
}

/** `base` null, or a tombstone: the table does not exist. */
export function prepareCommit(
  base: TableVersion | null,
  { requirements, updates }: CommitRequest,
  { location, nowMs, shown }: PrepareOptions,
): PreparedCommit {
  const before = base?.metadata ?? null;
  try {
    checkRequirements(before, requirements);
    if (before === null && !requirements.some(({ type }) => type === 'assert-create')) {
      throw new IcestreamError('NOT_FOUND', `there is no table ${shown}; create it first`, { table: shown });
    }
    if (base !== null && before !== null && updates.length === 0) {
      return { kind: 'unchanged', metadata: before, location: base.location };
    }
    const next = applyUpdates(before, updates, { now: nowMs });
    if (next.location !== location) {
      throw new IcestreamError('UNSUPPORTED', `a catalog on a store cannot move ${shown} to ${next.location}`, {
        table: shown,
      });
    }
    if (base === null || before === null) return { kind: 'write', metadata: next };
    return { kind: 'write', metadata: appendMetadataLog(next, before, base.location).metadata };
  } catch (cause) {
    if (!(cause instanceof IcestreamError)) throw cause;
    return { kind: 'answer', answer: refusal(cause) };
  }
}

function refusal(cause: IcestreamError): CommitAnswer {
  if (cause.code === 'COMMIT_CONFLICT') return { kind: 'conflict', message: cause.message };
  const status = cause.code === 'NOT_FOUND' ? 404 : 400;
  return { kind: 'rejected', status, message: cause.message, cause };
}
