/** Several runs as one: records by key, those of one key in the order of the runs, so that rows keep theirs. */
import type { RunRecord } from './run-format.ts';
import type { RunReader } from './run-reader.ts';
import type { Run } from './run-writer.ts';

/** What is done with a record. Null: it is done already, as it is with most; its bytes may be used until then. */
export type UseRecord = (record: RunRecord) => Promise<void> | null;

/** Uses all records of all readers, one after the other. */
export async function mergeRecords(readers: readonly RunReader[], use: UseRecord): Promise<void> {
  await Promise.all(readers.map((reader) => reader.advance()));
  for (let key = lowestKey(readers); key !== null; key = lowestKey(readers)) {
    for (const reader of readers) {
      for (let { record } = reader; record?.partition.key === key; { record } = reader) {
        const loads = reader.load();
        if (loads !== null) await loads;
        const used = use(reader.record ?? record);
        if (used !== null) await used;
        const arrives = reader.advance();
        if (arrives !== null) await arrives;
      }
    }
  }
}

/** Null: all are at their end. */
function lowestKey(readers: readonly RunReader[]): string | null {
  let lowest: string | null = null;
  for (const { record } of readers) {
    if (record !== null && (lowest === null || record.partition.key < lowest)) lowest = record.partition.key;
  }
  return lowest;
}

/**
 * Merges neighbours until no more than `fanIn` (at least 2) runs are left, no more of them than that takes and the
 * smallest first. `merge` makes one run of several.
 */
export async function mergeDown(
  runs: Run[],
  fanIn: number,
  merge: (some: readonly Run[]) => Promise<Run>,
): Promise<void> {
  for (let at = 0; runs.length > fanIn; at += 1) {
    if (at + 1 >= runs.length) at = 0;
    const some = runs.slice(at, at + Math.min(fanIn, runs.length - fanIn + 1));
    runs.splice(at, some.length, await merge(some));
  }
}
