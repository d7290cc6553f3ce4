/** Updates of snapshots and references (spec: Snapshots, Snapshot References, Snapshot Row IDs; Java: TableMetadata). */
import { IcestreamError } from '../errors.ts';
import { type MetadataDraft, refuseUpdate } from './metadata-draft.ts';
import type { Snapshot, SnapshotRef } from './snapshot.ts';
import type { SnapshotLogEntry } from './table-metadata.ts';
import { MAIN_BRANCH } from './table-metadata-parse.ts';

export function addSnapshot(draft: MetadataDraft, snapshot: Snapshot): void {
  const id = snapshot['snapshot-id'];
  if (draft.schemas.length === 0 || draft.specs.length === 0) {
    refuseUpdate('a snapshot needs a schema and a partition spec first');
  }
  if (draft.snapshotIds.has(id)) refuseUpdate(`there is a snapshot ${id} already`);
  if (draft.version > 1) {
    const sequence = snapshot['sequence-number'];
    if (sequence === undefined) refuseUpdate(`snapshot ${id} has no sequence-number`);
    if (snapshot['manifest-list'] === undefined) refuseUpdate(`snapshot ${id} has no manifest-list`);
    if (sequence <= draft.lastSequenceNumber) {
      throw stale(`snapshot ${id} has sequence number ${sequence}, but ${draft.lastSequenceNumber} is taken`);
    }
    draft.lastSequenceNumber = sequence;
  }
  if (draft.version >= 3) addRowIds(draft, snapshot);
  draft.snapshots.push(snapshot);
  draft.snapshotIds.add(id);
  draft.addedSnapshots.add(id);
  // A snapshot from a machine whose clock is ahead must not end up after the table's own time.
  if (snapshot['timestamp-ms'] > draft.nowMs) draft.nowMs = snapshot['timestamp-ms'];
}

function addRowIds(draft: MetadataDraft, snapshot: Snapshot): void {
  const first = snapshot['first-row-id'];
  const added = snapshot['added-rows'];
  if (first === undefined || added === undefined) {
    refuseUpdate(`snapshot ${snapshot['snapshot-id']} lacks first-row-id or added-rows, which v3 requires`);
  }
  if (added < 0n) refuseUpdate(`snapshot ${snapshot['snapshot-id']} has a negative added-rows`);
  if (first < draft.nextRowId) {
    throw stale(`snapshot ${snapshot['snapshot-id']} starts at row id ${first}, but ${draft.nextRowId} is the next`);
  }
  draft.nextRowId = first + added;
}

function stale(what: string): IcestreamError {
  return new IcestreamError('COMMIT_CONFLICT', `The table changed since it was read: ${what}.`, { retryable: true });
}

export function setSnapshotRef(draft: MetadataDraft, name: string, ref: SnapshotRef): void {
  const id = ref['snapshot-id'];
  const label = JSON.stringify(name);
  if (name === '') refuseUpdate('a reference needs a name');
  if (!draft.snapshotIds.has(id)) refuseUpdate(`there is no snapshot ${id} for reference ${label}`);
  if (name === MAIN_BRANCH && ref.type !== 'branch') refuseUpdate('main must be a branch');
  checkRetention(label, ref);
  const old = draft.refs.get(name);
  if (old !== undefined && old.type !== ref.type) refuseUpdate(`reference ${label} is a ${old.type}`);
  draft.refs.set(name, ref);
  if (name !== MAIN_BRANCH || draft.currentSnapshotId === id) return;
  draft.currentSnapshotId = id;
  if (draft.addedSnapshots.has(id)) draft.mainWasAt.add(id);
  draft.snapshotLog.push({ 'timestamp-ms': timeOfChange(draft, id), 'snapshot-id': id });
}

/** What the Java library takes for an error it takes for one in the table's metadata too, which it then cannot read. */
function checkRetention(label: string, ref: SnapshotRef): void {
  for (const name of ['min-snapshots-to-keep', 'max-snapshot-age-ms', 'max-ref-age-ms'] as const) {
    const value = ref[name];
    if (value === undefined) continue;
    if (value <= 0) refuseUpdate(`reference ${label} has ${name} ${value}, which is at least 1`);
    if (ref.type === 'tag' && name !== 'max-ref-age-ms') refuseUpdate(`${label} is a tag; only branches have ${name}`);
  }
}

/** A new snapshot's own time, or now for a rollback; never before the last change. */
function timeOfChange(draft: MetadataDraft, id: bigint): bigint {
  const snapshot = draft.addedSnapshots.has(id)
    ? draft.snapshots.find((candidate) => candidate['snapshot-id'] === id)
    : undefined;
  const time = snapshot?.['timestamp-ms'] ?? draft.nowMs;
  const last = draft.snapshotLog.at(-1)?.['timestamp-ms'] ?? 0n;
  return time > last ? time : last;
}

export function removeSnapshotRef(draft: MetadataDraft, name: string): void {
  draft.refs.delete(name);
  if (name === MAIN_BRANCH) draft.currentSnapshotId = null;
}

/** Removes snapshots with their statistics, and the references that pointed to them. */
export function removeSnapshots(draft: MetadataDraft, ids: readonly bigint[]): void {
  const gone = new Set(ids.map((id) => BigInt(id)));
  const keep = (entry: { readonly 'snapshot-id': bigint }) => !gone.has(entry['snapshot-id']);
  draft.snapshots = draft.snapshots.filter(keep);
  draft.snapshotIds = new Set(draft.snapshots.map((snapshot) => snapshot['snapshot-id']));
  draft.statistics = draft.statistics.filter(keep);
  draft.partitionStatistics = draft.partitionStatistics.filter(keep);
  draft.removedSnapshots = true;
  for (const [name, ref] of [...draft.refs]) {
    if (!draft.snapshotIds.has(ref['snapshot-id'])) removeSnapshotRef(draft, name);
  }
}

/**
 * The log without snapshots that were current only inside this commit, and without the history before a snapshot that
 * is gone: what lies before a gap would name wrong snapshots for a time.
 */
export function finishedSnapshotLog(draft: MetadataDraft): SnapshotLogEntry[] {
  const intermediate = new Set([...draft.mainWasAt].filter((id) => id !== draft.currentSnapshotId));
  if (intermediate.size === 0 && !draft.removedSnapshots) return draft.snapshotLog;
  let log: SnapshotLogEntry[] = [];
  for (const entry of draft.snapshotLog) {
    const id = entry['snapshot-id'];
    if (!draft.snapshotIds.has(id)) {
      if (draft.removedSnapshots) log = [];
    } else if (!intermediate.has(id)) {
      log.push(entry);
    }
  }
  return log;
}
