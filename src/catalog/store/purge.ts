/** Removing the files of a dropped table, and only those in its own folders. */
import { IcestreamError } from '../../errors.ts';
import type { Store } from '../../storage/store.ts';
import type { Bytes } from '../../util/bytes.ts';
import { versionFile, versionHintFile, versionOf } from './layout.ts';

const BATCH = 1000;
const CONCURRENCY = 8;

/**
 * Removes `<table>/data/` and `<table>/metadata/`. Version files become tombstones: their names must stay taken, or a
 * commit that was asleep could create one of them and bring the table back. Files outside (`write.data.path`) stay.
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
  if (!store.capabilities.list) {
    throw new IcestreamError('UNSUPPORTED', `the table was dropped, but this store cannot list, so its files stay`);
  }
  const leftBehind: string[] = [];
  const removed: string[] = [];
  const flush = async () => {
    if (removed.length > 0) leftBehind.push(...(await store.delete(removed.splice(0), options)).failed);
  };
  const versions: string[] = [];
  for (const folder of ['data', 'metadata']) {
    for await (const { location } of store.list(`${tableLocation}/${folder}/`, options)) {
      if (location === versionHintFile(tableLocation)) continue;
      const version = versionOf(location);
      if (version !== null && location === versionFile(tableLocation, version)) {
        if (version < tombstoneVersion) versions.push(location);
        continue;
      }
      removed.push(location);
      if (removed.length >= BATCH) await flush();
    }
  }
  await flush();
  for (let i = 0; i < versions.length; i += CONCURRENCY) {
    const some = versions.slice(i, i + CONCURRENCY);
    const results = await Promise.allSettled(some.map((location) => store.put(location, tombstone, options)));
    results.forEach((result, index) => {
      if (result.status === 'rejected') leftBehind.push(some[index] ?? '');
    });
  }
  if (leftBehind.length > 0) {
    throw new IcestreamError(
      'UNAVAILABLE',
      `the table was dropped, but ${leftBehind.length} of its files could not be removed, the first being ${leftBehind[0]}; remove them by hand`,
      { leftBehind },
    );
  }
}
