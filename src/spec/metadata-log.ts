/** The log of earlier metadata files and its limit (table properties `write.metadata.*`). */
import { ownValue } from './json-cursor.ts';
import type { MetadataLogEntry, TableMetadata } from './table-metadata.ts';

const DEFAULT_PREVIOUS_VERSIONS = 100;

/**
 * Adds the file that `base` was read from to the log of `next`, and trims it to `write.metadata.previous-versions-max`
 * (default 100, at least 1).
 * @returns The metadata to write, and the entries that fell out: a catalog removes those files when
 * `write.metadata.delete-after-commit.enabled` is true.
 */
export function appendMetadataLog(
  next: TableMetadata,
  base: TableMetadata,
  baseLocation: string,
): { readonly metadata: TableMetadata; readonly removed: readonly MetadataLogEntry[] } {
  const log = [
    ...(next['metadata-log'] ?? []),
    { 'timestamp-ms': base['last-updated-ms'], 'metadata-file': baseLocation },
  ];
  const surplus = Math.max(0, log.length - previousVersionsMax(next));
  return { metadata: { ...next, 'metadata-log': log.slice(surplus) }, removed: log.slice(0, surplus) };
}

function previousVersionsMax(metadata: TableMetadata): number {
  const text = ownValue(metadata.properties, 'write.metadata.previous-versions-max');
  const value = text === undefined ? DEFAULT_PREVIOUS_VERSIONS : Number(text);
  return Number.isInteger(value) ? Math.max(1, value) : DEFAULT_PREVIOUS_VERSIONS;
}
