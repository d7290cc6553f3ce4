/** Write-audit-publish by id: snapshots that are staged for others to look at and publish (Java: WapUtil). */
import type { TableIdentifier } from '../../catalog/catalog.ts';
import { formatIdentifier } from '../../catalog/identifier.ts';
import { IcestreamError } from '../../errors.ts';
import { ownValue } from '../../spec/json-cursor.ts';
import { booleanProperty } from '../../spec/property-readers.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { requireName } from '../../util/known-options.ts';
import type { WriteOptions } from '../write-options.ts';

/** Snapshot summary key of the id that a snapshot is staged under. */
export const WAP_ID_KEY = 'wap.id';

/** Of a snapshot that was made by publishing another. */
const PUBLISHED_WAP_ID_KEY = 'published-wap-id';

/** @throws TypeError for an id that cannot be, or options that do not go with it. */
export function requireWapId({ wapId, branch, writer }: WriteOptions & { readonly wapId: string }): string {
  requireName('wapId', wapId);
  if (branch !== undefined) throw new TypeError('wapId stages a snapshot without a branch: give wapId or branch');
  if (writer !== undefined) {
    throw new TypeError(
      'a staged snapshot may never be published, so it does not count for a writer: give wapId or writer',
    );
  }
  return wapId;
}

/**
 * Refuses to stage where nobody would expect it, or under an id that is taken: publishing takes the first snapshot of
 * an id, and the rows of a second would never be seen.
 * @throws IcestreamError INVALID_ARGUMENT.
 */
export function checkWap(metadata: TableMetadata, identifier: TableIdentifier, wapId: string): void {
  const table = formatIdentifier(identifier);
  if (!booleanProperty(metadata.properties ?? {}, 'write.wap.enabled', false)) {
    throw new IcestreamError(
      'INVALID_ARGUMENT',
      `${table} does not stage snapshots; set its property write.wap.enabled to true, or leave out wapId`,
      { table, option: 'wapId' },
    );
  }
  const taken = metadata.snapshots?.find(({ summary }) =>
    [WAP_ID_KEY, PUBLISHED_WAP_ID_KEY].some((key) => ownValue(summary, key) === wapId),
  );
  if (taken === undefined) return;
  throw new IcestreamError(
    'INVALID_ARGUMENT',
    `${table} has snapshot ${taken['snapshot-id']} under wap.id ${JSON.stringify(wapId)} already; use another id`,
    { table, option: 'wapId' },
  );
}
