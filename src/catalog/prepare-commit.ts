/** From a commit's requirements and updates to the next version's metadata; nothing is written. */
import { IcestreamError } from '../errors.ts';
import { applyUpdates } from '../spec/apply-updates.ts';
import { appendMetadataLog } from '../spec/metadata-log.ts';
import { checkRequirements } from '../spec/requirements-check.ts';
import type { MetadataLogEntry, TableMetadata } from '../spec/table-metadata.ts';
import type { CommitAnswer, CommitRequest } from './catalog.ts';

export type PreparedCommit =
  /** `removed` fell out of its log of earlier metadata files. */
  | { readonly kind: 'write'; readonly metadata: TableMetadata; readonly removed: readonly MetadataLogEntry[] }
  /** There is nothing to change. */
  | { readonly kind: 'unchanged'; readonly metadata: TableMetadata; readonly location: string }
  | { readonly kind: 'answer'; readonly answer: CommitAnswer };

/** The table as it is now; metadata null: it was dropped. */
export interface CommitBase {
  readonly location: string;
  readonly metadata: TableMetadata | null;
}

export interface PrepareOptions {
  /** Where the table must stay. Default: it may move. */
  readonly location?: string;
  readonly nowMs: number;
  /** The table, for messages. */
  readonly shown: string;
}

/** `base` null: the table does not exist. */
export function prepareCommit(
  base: CommitBase | null,
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
    if (location !== undefined && next.location !== location) {
      throw new IcestreamError('UNSUPPORTED', `a catalog on a store cannot move ${shown} to ${next.location}`, {
        table: shown,
      });
    }
    if (base === null || before === null) return { kind: 'write', metadata: next, removed: [] };
    return { kind: 'write', ...appendMetadataLog(next, before, base.location) };
  } catch (cause) {
    if (!(cause instanceof IcestreamError)) throw cause;
    return { kind: 'answer', answer: refusedBy(cause) };
  }
}

/** The answer to a commit that is refused for this reason. */
export function refusedBy(cause: IcestreamError): CommitAnswer {
  if (cause.code === 'COMMIT_CONFLICT') return { kind: 'conflict', message: cause.message };
  const status = cause.code === 'NOT_FOUND' ? 404 : 400;
  return { kind: 'rejected', status, message: cause.message, cause };
}
