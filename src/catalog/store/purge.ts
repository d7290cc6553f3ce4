/** Removing the files of a table that was dropped from a catalog on a store. */
import type { Store } from '../../storage/store.ts';
import type { Bytes } from '../../util/bytes.ts';
import { refuseLeftBehind, removeTableFiles } from '../purge.ts';
import { versionFile, versionHintFile, versionOf } from './layout.ts';
import { readIfThere, readTombstone, type TableVersion } from './version-file.ts';

const CONCURRENCY = 8;

/** A table whose files are to be removed. */
export interface DroppedTable {
  /** Of the table. */
  readonly location: string;
  /** The tombstone, which says that its files are being removed. */
  readonly dropped: Pick<TableVersion, 'version' | 'location'>;
  /** What its version files become, and the tombstone itself in the end. */
  readonly bytes: Bytes;
}

/**
 * Removes the table's files. Version files become tombstones: their names must stay taken, or a commit that was asleep
 * could create one of them and bring the table back. Several may do so at once: who is late removes nothing of a table
 * that came after.
 * @throws IcestreamError UNAVAILABLE with `leftBehind` for files that could not be removed; UNSUPPORTED for a store
 * that cannot list.
 */
export async function purgeTable(
  store: Store,
  { location: tableLocation, dropped, bytes }: DroppedTable,
  signal?: AbortSignal,
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  const versions: string[] = [];
  const keep = (location: string) => {
    if (location === versionHintFile(tableLocation)) return true;
    const version = versionOf(location);
    const names =
      version === null ? [] : [false, true].map((isCompressed) => versionFile(tableLocation, version, isCompressed));
    if (version === null || !names.includes(location)) return false;
    if (version < dropped.version) versions.push(location);
    return true;
  };
  const goesOn = async () => {
    const found = await readIfThere(store, dropped.location, signal);
    return found !== null && readTombstone(new TextDecoder().decode(found))?.isPurging === true;
  };
  const leftBehind = await removeTableFiles(store, tableLocation, { ...options, keep, goesOn });
  for (let i = 0; i < versions.length; i += CONCURRENCY) {
    const some = versions.slice(i, i + CONCURRENCY);
    const results = await Promise.allSettled(some.map((location) => store.put(location, bytes, options)));
    results.forEach((result, index) => {
      if (result.status === 'rejected') leftBehind.push(some[index] ?? '');
    });
  }
  refuseLeftBehind(leftBehind, 'drop the table with its files once more');
  // Its name is free again.
  await store.put(dropped.location, bytes, options);
}
