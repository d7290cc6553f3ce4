/** Removing the files of a table that was dropped from a catalog on a store. */
import type { Store } from '../../storage/store.ts';
import type { Bytes } from '../../util/bytes.ts';
import { refuseLeftBehind, removeTableFiles } from '../purge.ts';
import { versionFile, versionHintFile, versionOf } from './layout.ts';

const CONCURRENCY = 8;

/**
 * Removes the table's files. Version files become tombstones: their names must stay taken, or a commit that was asleep
 * could create one of them and bring the table back.
 * @throws IcestreamError UNAVAILABLE with `leftBehind` for files that could not be removed; UNSUPPORTED for a store
 * that cannot list.
 */
export async function purgeTable(
  store: Store,
  tableLocation: string,
  tombstoneVersion: number,
  tombstone: Bytes,
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
    if (version < tombstoneVersion) versions.push(location);
    return true;
  };
  const leftBehind = await removeTableFiles(store, tableLocation, { ...options, keep });
  for (let i = 0; i < versions.length; i += CONCURRENCY) {
    const some = versions.slice(i, i + CONCURRENCY);
    const results = await Promise.allSettled(some.map((location) => store.put(location, tombstone, options)));
    results.forEach((result, index) => {
      if (result.status === 'rejected') leftBehind.push(some[index] ?? '');
    });
  }
  refuseLeftBehind(leftBehind);
}
