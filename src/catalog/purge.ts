/** Removing the files of a table that was dropped with them. */
import { IcestreamError } from '../errors.ts';
import { ownValue } from '../spec/json-cursor.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import type { Store } from '../storage/store.ts';

/** Files removed with one request. */
const BATCH = 1000;

/** @throws IcestreamError INVALID_ARGUMENT for a table whose files may belong to others. */
export function checkPurge(metadata: TableMetadata, shown: string): void {
  const value = ownValue(metadata.properties, 'gc.enabled');
  if (value === undefined || value.toLowerCase() === 'true') return;
  throw new IcestreamError(
    'INVALID_ARGUMENT',
    `the table ${shown} has gc.enabled=${value}: its files may belong to others; drop it without purge`,
    { table: shown, option: 'purge' },
  );
}

/**
 * Removes `<table>/data/` and `<table>/metadata/`, but for what `keep` names. Files outside (`write.data.path`) stay.
 * `goesOn` is asked before files that were listed are removed; once it says no, no more are.
 * @returns What could not be removed.
 * @throws IcestreamError UNSUPPORTED for a store that cannot list.
 */
export async function removeTableFiles(
  store: Store,
  tableLocation: string,
  options: {
    readonly keep?: (location: string) => boolean;
    readonly goesOn?: () => Promise<boolean>;
    readonly signal?: AbortSignal;
  } = {},
): Promise<string[]> {
  const { keep, goesOn, ...call } = options;
  if (!store.capabilities.list) {
    throw new IcestreamError('UNSUPPORTED', `the table was dropped, but this store cannot list, so its files stay`);
  }
  const leftBehind: string[] = [];
  const batch: string[] = [];
  const flush = async () => {
    const some = batch.splice(0);
    if (some.length === 0 || (await goesOn?.()) === false) return;
    leftBehind.push(...(await store.delete(some, call)).failed);
  };
  for (const folder of ['data', 'metadata']) {
    for await (const { location } of store.list(`${tableLocation}/${folder}/`, call)) {
      if (keep?.(location)) continue;
      batch.push(location);
      if (batch.length >= BATCH) await flush();
    }
  }
  await flush();
  return leftBehind;
}

/** @throws IcestreamError UNAVAILABLE when there is anything. */
export function refuseLeftBehind(leftBehind: readonly string[], advice = 'remove them by hand'): void {
  if (leftBehind.length === 0) return;
  throw new IcestreamError(
    'UNAVAILABLE',
    `the table was dropped, but ${leftBehind.length} of its files could not be removed, the first being ${leftBehind[0]}; ${advice}`,
    { leftBehind },
  );
}
