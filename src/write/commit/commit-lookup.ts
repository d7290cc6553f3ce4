/** Finding a commit again, by the commit id in a snapshot's summary, anywhere in the table. */

import type { TableIdentifier } from '../../catalog/catalog.ts';
import { IcestreamError } from '../../errors.ts';
import { ownValue } from '../../spec/json-cursor.ts';
import type { Snapshot } from '../../spec/snapshot.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { uuidV7Ms } from '../../util/uuid.ts';
import type { WriterPosition } from '../write-options.ts';
import { commitHistoryExpired } from './commit-errors.ts';
import { BRANCH_KEY, COMMIT_ID_KEY, PAYLOAD_KEY, samePayload } from './payload-digest.ts';
import { WAP_ID_KEY } from './write-audit-publish.ts';

export function findCommit(metadata: TableMetadata, commitId: string): Snapshot | null {
  return metadata.snapshots?.find((snapshot) => ownValue(snapshot.summary, COMMIT_ID_KEY) === commitId) ?? null;
}

/**
 * Whether another commit holds `sequenceNumber`, so that a commit made for it was not and cannot be applied: sequence
 * numbers are unique and never go back.
 */
export function isSequenceTaken(metadata: TableMetadata, sequenceNumber: bigint, snapshotId: bigint): boolean {
  return (
    metadata.snapshots?.some(
      (snapshot) => snapshot['sequence-number'] === sequenceNumber && snapshot['snapshot-id'] !== snapshotId,
    ) ?? false
  );
}

/**
 * Refuses a commit id that is not in the table but may have been: the table has dropped snapshots of its time.
 * @throws IcestreamError COMMIT_HISTORY_EXPIRED.
 */
export function requireHistory(metadata: TableMetadata, commitId: string, identifier: TableIdentifier): void {
  const madeMs = uuidV7Ms(commitId);
  const snapshots = metadata.snapshots ?? [];
  // Every snapshot took a sequence number: while all are there, none was dropped.
  if (BigInt(snapshots.length) >= metadata['last-sequence-number']) return;
  const oldest = snapshots.reduce<bigint | null>((least, snapshot) => {
    const at = snapshot['timestamp-ms'];
    return least === null || at < least ? at : least;
  }, null);
  const keptSince = oldest ?? metadata['last-updated-ms'];
  if (madeMs === null || BigInt(madeMs) <= keptSince) throw commitHistoryExpired(commitId, identifier);
}

/**
 * Refuses to take an earlier commit for this one when it carried other data.
 * @throws IcestreamError INVALID_ARGUMENT.
 */
export function requireSamePayload(snapshot: Snapshot, commitId: string, payload: string): void {
  const earlier = ownValue(snapshot.summary, PAYLOAD_KEY);
  if (earlier === undefined || !samePayload(earlier, payload)) throw otherPayload(snapshot, commitId);
}

/** The error for a commit id that comes with other data than before; `cause`: how they differ, when that is known. */
export function otherPayload(snapshot: Snapshot, commitId: string, cause?: Error): IcestreamError {
  return new IcestreamError(
    'INVALID_ARGUMENT',
    `commitId ${commitId} was already used for other data, in snapshot ${snapshot['snapshot-id']}` +
      `${cause === undefined ? '' : ` (${cause.message})`}; ` +
      'a commit id stands for one payload: use a new one for these rows',
    { option: 'commitId', ...(cause === undefined ? {} : { cause }) },
  );
}

/** Where a commit puts its snapshot. */
export interface CommitPlace {
  readonly branch: string;
  /** Null: it becomes the head of the branch. */
  readonly wapId: string | null;
}

/** What makes a call recognisable. */
export interface LoadIdentity extends CommitPlace {
  readonly commitId: string;
  readonly writer: WriterPosition | null;
}

/**
 * Refuses to take a commit to another branch, or one that is only staged, for this one: the rows are not where they
 * were asked for.
 * @throws IcestreamError INVALID_ARGUMENT.
 */
export function requireSamePlace(snapshot: Snapshot, commitId: string, place: CommitPlace): void {
  const earlier = {
    branch: ownValue(snapshot.summary, BRANCH_KEY) ?? 'main',
    wapId: ownValue(snapshot.summary, WAP_ID_KEY) ?? null,
  };
  const [there, here] = [placeText(earlier), placeText(place)];
  if (there === here) return;
  throw new IcestreamError(
    'INVALID_ARGUMENT',
    `commitId ${commitId} was committed ${there}, in snapshot ${snapshot['snapshot-id']}, and not ${here}; ` +
      'use a new commit id to write there too',
    { option: 'commitId' },
  );
}

function placeText({ branch, wapId }: CommitPlace): string {
  return wapId === null ? `to branch ${JSON.stringify(branch)}` : `as staged under wap.id ${JSON.stringify(wapId)}`;
}

/**
 * The id to commit under: the caller's, or a new one.
 * @throws TypeError when it is not a UUID of version 7.
 */
export function requireCommitId(commitId: string): string {
  if (uuidV7Ms(commitId) === null) throw new TypeError(`commitId must be a UUID of version 7, not "${commitId}"`);
  return commitId.toLowerCase();
}
