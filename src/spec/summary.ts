/** Snapshot summaries (spec: Appendix F, Optional Snapshot Summary Fields; Java: SnapshotSummary, SnapshotProducer). */
import type { DataFile } from './data-file.ts';
import { ownValue } from './json-cursor.ts';
import type { Operation, Snapshot } from './snapshot.ts';

type Counts = Map<string, bigint>;

/** Collects the files a commit adds and removes. */
export class SummaryBuilder {
  readonly #counts: Counts = new Map();
  /** All partitions; counts of each, while there are no more than the limit. */
  readonly #names = new Set<string>();
  readonly #partitions = new Map<string, Counts>();
  readonly #partitionLimit: number;

  /** @param partitionLimit Table property `write.summary.partition-limit`: beyond it partitions are only counted. */
  constructor(partitionLimit = 0) {
    this.#partitionLimit = partitionLimit;
  }

  /** @param partition Spec id and path, or anything that is equal for equal partitions. */
  added(file: DataFile, partition: string): void {
    this.#count(file, partition, ADDED);
  }

  removed(file: DataFile, partition: string): void {
    this.#count(file, partition, REMOVED);
  }

  #count(file: DataFile, partition: string, names: typeof ADDED): void {
    countFile(this.#counts, file, names);
    this.#names.add(partition);
    if (this.#names.size > this.#partitionLimit) {
      this.#partitions.clear();
      return;
    }
    const own = this.#partitions.get(partition) ?? new Map<string, bigint>();
    this.#partitions.set(partition, own);
    countFile(own, file, names);
  }

  /**
   * The summary of the new snapshot.
   * @param previous The head of the branch; null when it has none (totals start at 0). A total that the head lacks is
   * left out, never invented.
   * @param extra Further members, such as the writer's own; they do not replace what is counted.
   */
  build(
    operation: Operation,
    previous: Snapshot | null,
    extra: Readonly<Record<string, string>> = {},
  ): Readonly<Record<string, string>> & { readonly operation: Operation } {
    const counted = present(this.#counts);
    counted.push(['changed-partition-count', String(this.#names.size)]);
    if (this.#partitions.size > 0) {
      counted.push(['partition-summaries-included', 'true']);
      for (const [partition, counts] of this.#partitions) {
        if (partition === '') continue;
        const text = present(counts).map(([name, value]) => `${name}=${value}`);
        counted.push([`partitions.${partition}`, text.join(',')]);
      }
    }
    return Object.fromEntries([
      ...Object.entries(extra),
      ...counted,
      ...totals(this.#counts, previous),
      ['operation', operation],
    ]) as Readonly<Record<string, string>> & { readonly operation: Operation };
  }
}

const ADDED = {
  size: 'added-files-size',
  dataFiles: 'added-data-files',
  records: 'added-records',
  deleteFiles: 'added-delete-files',
  positionFiles: 'added-position-delete-files',
  positions: 'added-position-deletes',
  dvs: 'added-dvs',
  equalityFiles: 'added-equality-delete-files',
  equalities: 'added-equality-deletes',
};
const REMOVED: typeof ADDED = {
  size: 'removed-files-size',
  dataFiles: 'deleted-data-files',
  records: 'deleted-records',
  deleteFiles: 'removed-delete-files',
  positionFiles: 'removed-position-delete-files',
  positions: 'removed-position-deletes',
  dvs: 'removed-dvs',
  equalityFiles: 'removed-equality-delete-files',
  equalities: 'removed-equality-deletes',
};
const TOTALS = [
  ['total-records', ADDED.records, REMOVED.records],
  ['total-files-size', ADDED.size, REMOVED.size],
  ['total-data-files', ADDED.dataFiles, REMOVED.dataFiles],
  ['total-delete-files', ADDED.deleteFiles, REMOVED.deleteFiles],
  ['total-position-deletes', ADDED.positions, REMOVED.positions],
  ['total-equality-deletes', ADDED.equalities, REMOVED.equalities],
] as const;

function countFile(counts: Counts, file: DataFile, names: typeof ADDED): void {
  const add = (name: string, by: bigint) => counts.set(name, (counts.get(name) ?? 0n) + by);
  const isVector = file.fileFormat === 'puffin';
  // A deletion vector is a part of its file: only that part counts.
  add(names.size, isVector ? (file.contentSizeInBytes ?? file.fileSizeInBytes) : file.fileSizeInBytes);
  if (file.content === 'data') {
    add(names.dataFiles, 1n);
    add(names.records, file.recordCount);
    return;
  }
  add(names.deleteFiles, 1n);
  if (file.content === 'equality-deletes') {
    add(names.equalityFiles, 1n);
    add(names.equalities, file.recordCount);
  } else {
    add(isVector ? names.dvs : names.positionFiles, 1n);
    add(names.positions, file.recordCount);
  }
}

/** Counts of 0 are left out, as Java leaves them out. */
function present(counts: Counts): [string, string][] {
  return [...counts].flatMap(([name, value]) => (value > 0n ? [[name, String(value)] satisfies [string, string]] : []));
}

function totals(counts: Counts, previous: Snapshot | null): [string, string][] {
  return TOTALS.flatMap(([name, added, removed]) => {
    const before = previous === null ? '0' : ownValue(previous.summary, name);
    if (before === undefined || !/^\d+$/.test(before)) return [];
    const total = BigInt(before) + (counts.get(added) ?? 0n) - (counts.get(removed) ?? 0n);
    return total < 0n ? [] : [[name, String(total)] satisfies [string, string]];
  });
}
