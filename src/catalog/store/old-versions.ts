/**
 * Removing old version files (`write.metadata.delete-after-commit.enabled`). The name of a removed version is free
 * again, so a writer that was asleep for many commits could create it and believe that it won. Therefore a good number
 * of versions stays, the hint is ahead before anything is removed, and a writer of such a table looks at the hint
 * after it won.
 */
import type { TableMetadata } from '../../spec/table-metadata.ts';
import type { Store } from '../../storage/store.ts';
import { readVersionHint, statVersion } from './current-version.ts';
import { versionFile } from './layout.ts';
import { readIfThere, readVersionBytes } from './version-file.ts';

/** Versions that stay whatever `write.metadata.previous-versions-max` says. */
const MIN_KEPT = 20;
const DEFAULT_KEPT = 100;

/** Whether the table never removes old versions (the default). */
export function keepsOldVersions(metadata: TableMetadata): boolean {
  return metadata.properties?.['write.metadata.delete-after-commit.enabled']?.toLowerCase() !== 'true';
}

/** Removes the version that the newest one pushes out; best effort. */
export async function removeOldVersion(
  store: Store,
  tableLocation: string,
  version: number,
  metadata: TableMetadata,
): Promise<void> {
  if (keepsOldVersions(metadata)) return;
  const max = Number(metadata.properties?.['write.metadata.previous-versions-max'] ?? DEFAULT_KEPT);
  const old = version - Math.max(MIN_KEPT, Number.isInteger(max) ? max : DEFAULT_KEPT) - 1;
  if (old < 1) return;
  try {
    const hint = await readVersionHint(store, tableLocation);
    const files = [false, true].map((isCompressed) => versionFile(tableLocation, old, isCompressed));
    if (hint !== null && hint >= version) await store.delete(files);
  } catch {
    // It stays, which harms nobody.
  }
}

/**
 * Whether version `version`, which was just created, had existed before and was removed: then the versions after it do
 * not build on what was written now.
 */
export async function supersededUnseen(
  store: Store,
  tableLocation: string,
  version: number,
  file: string,
  metadata: TableMetadata,
): Promise<boolean> {
  const hint = await readVersionHint(store, tableLocation).catch(() => null);
  if (hint === null || hint <= version) return false;
  const place = await statVersion(store, tableLocation, hint).catch(() => null);
  const bytes = place === null ? null : await readIfThere(store, place.location).catch(() => null);
  if (place === null || bytes === null) return true;
  const newer = await readVersionBytes(bytes, place.location);
  const entry = newer?.['metadata-log']?.find((item) => item['metadata-file'] === file);
  return entry?.['timestamp-ms'] !== metadata['last-updated-ms'];
}
