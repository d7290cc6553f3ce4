/** What a table holds already of a call that may be a repetition: found by commit id, or by the writer's watermark. */
import type { Catalog, LoadedTable } from '../../catalog/catalog.ts';
import { ownValue } from '../../spec/json-cursor.ts';
import type { Snapshot } from '../../spec/snapshot.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { findSnapshot } from '../../spec/table-parts.ts';
import { checkWritable } from '../table-checks.ts';
import type { WriteSession } from '../write-session.ts';
import { findCommit, type LoadIdentity, requireHistory, requireSamePlace } from './commit-lookup.ts';
import { COMMIT_ID_KEY } from './payload-digest.ts';
import { checkWap } from './write-audit-publish.ts';
import { watermarkOf } from './writer-watermark.ts';

/** A load that was committed before, or by a faster process. */
export type EarlierLoad = CommittedLoad | MarkedLoad;

/** Found by its commit id. */
export interface CommittedLoad {
  readonly by: 'commit-id';
  readonly snapshotId: bigint;
  readonly snapshot: Snapshot;
  /** The watermark of the writer that asks; null: it has none. */
  readonly writerSequence: bigint | null;
}

/** Not above the writer's watermark. */
export interface MarkedLoad {
  readonly by: 'writer';
  /** Of the load with just this sequence; null when it had no rows, or when the watermark is past it. */
  readonly snapshotId: bigint | null;
  /** Null: also when the catalog does not show it. */
  readonly snapshot: Snapshot | null;
  readonly writerSequence: bigint;
}

/** @throws IcestreamError INVALID_ARGUMENT when the commit id was used on another branch. */
export function findEarlier(metadata: TableMetadata, identity: LoadIdentity): EarlierLoad | null {
  const { commitId, writer, branch } = identity;
  const committed = findCommit(metadata, commitId);
  const watermark = writer === null ? null : watermarkOf(metadata, writer.id, branch);
  const writerSequence = watermark?.sequence ?? null;
  if (committed !== null) {
    requireSamePlace(committed, commitId, identity);
    return { by: 'commit-id', snapshotId: committed['snapshot-id'], snapshot: committed, writerSequence };
  }
  if (writer === null || watermark === null || watermark.sequence < writer.sequence) return null;
  const { sequence } = watermark;
  const snapshotId = sequence === writer.sequence ? watermark.snapshotId : null;
  const snapshot = snapshotId === null ? null : findSnapshot(metadata, snapshotId);
  return { by: 'writer', snapshotId, snapshot, writerSequence: sequence };
}

/**
 * The table to write to, and what it holds of this call already. It is read again where the call may be a repetition:
 * another process may have committed since it was loaded.
 * @throws IcestreamError as `checkWritable`; COMMIT_HISTORY_EXPIRED when nobody can tell.
 */
export async function openForWrite(
  session: WriteSession,
  catalog: Catalog,
  known: LoadedTable,
): Promise<{ readonly table: LoadedTable; readonly earlier: EarlierLoad | null }> {
  const { options, branch, writer, wapId } = session;
  const repeatable = options.commitId !== undefined || writer !== null;
  const table = repeatable ? await catalog.loadTable(known.identifier, { allSnapshots: true }) : known;
  const { metadata, identifier } = table;
  checkWritable(metadata, identifier, branch);
  const earlier = repeatable ? findEarlier(metadata, session) : null;
  if (wapId !== null && earlier === null) checkWap(metadata, identifier, wapId);
  // A writer's watermark says "not yet" also where snapshots are gone.
  const marked = writer !== null && watermarkOf(metadata, writer.id, branch) !== null;
  if (earlier === null && options.commitId !== undefined && !marked) {
    requireHistory(metadata, session.commitId, identifier);
  }
  return { table, earlier };
}

/** What is known of the call that was first, as the result of this one. */
export function earlierFacts(earlier: EarlierLoad) {
  const { snapshot } = earlier;
  const text = (key: string) => ownValue(snapshot?.summary, key);
  const count = (key: string): bigint => {
    const digits = text(key) ?? '0';
    return /^\d+$/.test(digits) ? BigInt(digits) : 0n;
  };
  const commitId = text(COMMIT_ID_KEY);
  return {
    snapshotId: earlier.snapshotId,
    alreadyCommitted: true,
    rows: count('added-records'),
    files: Number(count('added-data-files')),
    bytes: count('added-files-size'),
    retries: 0,
    writerSequence: earlier.writerSequence,
    ...(commitId === undefined ? {} : { commitId }),
  };
}
