/** Applying a commit's updates to table metadata, as a catalog does (REST OpenAPI: TableUpdate). */

import { IcestreamError } from '../errors.ts';
import {
  addSchema,
  addSortOrder,
  addSpec,
  currentSchema,
  removeSchemas,
  removeSpecs,
  setCurrentSchema,
  setDefaultSortOrder,
  setDefaultSpec,
} from './apply-schema-updates.ts';
import {
  addSnapshot,
  finishedSnapshotLog,
  removeSnapshotRef,
  removeSnapshots,
  setSnapshotRef,
} from './apply-snapshot-updates.ts';
import { draftOf, type MetadataDraft, refuseUpdate, type StatisticsEntry } from './metadata-draft.ts';
import { bindPartitionSpec, checkSortOrder } from './partition-bind.ts';
import type { TableMetadata } from './table-metadata.ts';
import { checkTableMetadata } from './table-metadata-check.ts';
import { MAX_FORMAT_VERSION, withoutTrailingSlash } from './table-metadata-parse.ts';
import { parseTransform } from './transform.ts';
import type { TableUpdate } from './updates.ts';

export interface ApplyOptions {
  /** Milliseconds since the epoch. It is raised to the table's last update: clocks of browsers run behind. */
  readonly now: number;
}

/**
 * The metadata after the updates, in order. `null`: the updates create a table (they must give uuid, location, schema,
 * partition spec and sort order). Without updates the same object comes back. `metadata-log` is left to
 * `appendMetadataLog`.
 * @throws IcestreamError COMMIT_CONFLICT (retryable) for a stale sequence number or first-row-id; COMMIT_FAILED for an
 * update that can never apply; UNSUPPORTED for one this version does not know.
 */
export function applyUpdates(
  metadata: TableMetadata | null,
  updates: readonly TableUpdate[],
  options: ApplyOptions,
): TableMetadata {
  if (metadata !== null && updates.length === 0) return metadata;
  const draft = draftOf(metadata, BigInt(Math.trunc(options.now)));
  for (const update of updates) applyUpdate(draft, update);
  const result = finish(draft);
  checkTableMetadata(result);
  return result;
}

type Handler<A> = (draft: MetadataDraft, update: Extract<TableUpdate, { readonly action: A }>) => void;

const HANDLERS: { readonly [A in TableUpdate['action']]: Handler<A> } = {
  'assign-uuid': (draft, update) => assignUuid(draft, update.uuid),
  'upgrade-format-version': (draft, update) => upgrade(draft, update['format-version']),
  'add-schema': (draft, update) => addSchema(draft, update.schema),
  'set-current-schema': (draft, update) => setCurrentSchema(draft, update['schema-id']),
  'remove-schemas': (draft, update) => removeSchemas(draft, update['schema-ids']),
  'add-spec': (draft, update) => addSpec(draft, update.spec),
  'set-default-spec': (draft, update) => setDefaultSpec(draft, update['spec-id']),
  'remove-partition-specs': (draft, update) => removeSpecs(draft, update['spec-ids']),
  'add-sort-order': (draft, update) => addSortOrder(draft, update['sort-order']),
  'set-default-sort-order': (draft, update) => setDefaultSortOrder(draft, update['sort-order-id']),
  'add-snapshot': (draft, update) => addSnapshot(draft, update.snapshot),
  'remove-snapshots': (draft, update) => removeSnapshots(draft, update['snapshot-ids']),
  'set-snapshot-ref': (draft, { action: _, 'ref-name': name, ...ref }) => setSnapshotRef(draft, name, ref),
  'remove-snapshot-ref': (draft, update) => removeSnapshotRef(draft, update['ref-name']),
  'set-location': (draft, update) => {
    draft.location = withoutTrailingSlash(update.location);
  },
  'set-properties': (draft, update) => {
    for (const [key, value] of Object.entries(update.updates)) draft.properties.set(key, value);
  },
  'remove-properties': (draft, update) => {
    for (const key of update.removals) draft.properties.delete(key);
  },
  'set-statistics': (draft, update) => {
    draft.statistics = replaceStatistics(draft.statistics, update.statistics, update['snapshot-id']);
  },
  'remove-statistics': (draft, update) => {
    draft.statistics = without(draft.statistics, update['snapshot-id']);
  },
  'set-partition-statistics': (draft, update) => {
    draft.partitionStatistics = replaceStatistics(draft.partitionStatistics, update['partition-statistics']);
  },
  'remove-partition-statistics': (draft, update) => {
    draft.partitionStatistics = without(draft.partitionStatistics, update['snapshot-id']);
  },
  'add-encryption-key': (draft, { 'encryption-key': key }) => {
    draft.encryptionKeys = [...withoutKey(draft.encryptionKeys, keyId(key)), key];
  },
  'remove-encryption-key': (draft, update) => {
    draft.encryptionKeys = withoutKey(draft.encryptionKeys, update['key-id']);
  },
};

function applyUpdate(draft: MetadataDraft, update: TableUpdate): void {
  if (!Object.hasOwn(HANDLERS, update.action)) {
    throw new IcestreamError(
      'UNSUPPORTED',
      `This commit has an update that this version does not know: ${String(update.action)}.`,
    );
  }
  const handler = HANDLERS[update.action] as Handler<TableUpdate['action']>;
  handler(draft, update);
}

function assignUuid(draft: MetadataDraft, uuid: string): void {
  const known = draft.base?.['table-uuid'] ?? '';
  if (known !== '' && known.toLowerCase() !== uuid.toLowerCase()) {
    refuseUpdate(`the table has uuid ${known}, which never changes`);
  }
  draft.uuid = known === '' ? uuid : known;
}

function upgrade(draft: MetadataDraft, version: number): void {
  if (version > MAX_FORMAT_VERSION) refuseUpdate(`format version ${version} is newer than ${MAX_FORMAT_VERSION}`);
  if (draft.base === null) {
    if (version !== 1 && version !== 2 && version !== 3) refuseUpdate(`there is no format version ${version}`);
    draft.version = version;
    return;
  }
  if (version < draft.version) refuseUpdate(`a v${draft.version} table cannot go back to v${version}`);
  draft.version = version === 2 || version === 3 ? version : draft.version;
}

function replaceStatistics(list: readonly StatisticsEntry[], entry: unknown, snapshotId?: bigint): StatisticsEntry[] {
  const object = entry as { readonly 'snapshot-id'?: bigint | number };
  const id = object['snapshot-id'] ?? snapshotId;
  if (id === undefined) refuseUpdate('statistics name no snapshot');
  return [...without(list, BigInt(id)), { ...object, 'snapshot-id': BigInt(id) }];
}

function without(list: readonly StatisticsEntry[], snapshotId: bigint): StatisticsEntry[] {
  return list.filter((entry) => entry['snapshot-id'] !== BigInt(snapshotId));
}

function keyId(key: unknown): unknown {
  return (key as { readonly 'key-id'?: unknown } | null)?.['key-id'];
}

function withoutKey(keys: readonly unknown[], id: unknown): unknown[] {
  return keys.filter((key) => keyId(key) !== id);
}

function finish(draft: MetadataDraft): TableMetadata {
  const { base, uuid, location } = draft;
  if (uuid === null || location === null) refuseUpdate('a new table needs a uuid and a location');
  if (base === null && draft.orders.length === 0) draft.orders.push({ 'order-id': 0, fields: [] });
  checkDefaultsFit(draft);
  const hadStatistics = base?.statistics !== undefined || draft.statistics.length > 0;
  const hadPartitionStatistics = base?.['partition-statistics'] !== undefined || draft.partitionStatistics.length > 0;
  return {
    ...base,
    'format-version': draft.version,
    'table-uuid': uuid,
    location,
    'last-sequence-number': draft.lastSequenceNumber,
    'last-updated-ms': draft.nowMs,
    'last-column-id': draft.lastColumnId,
    'current-schema-id': draft.currentSchemaId,
    schemas: draft.schemas,
    'default-spec-id': draft.defaultSpecId,
    'partition-specs': draft.specs,
    'last-partition-id': draft.lastPartitionId,
    'default-sort-order-id': Math.max(0, draft.defaultOrderId),
    'sort-orders': draft.orders,
    properties: Object.fromEntries(draft.properties),
    'current-snapshot-id': draft.currentSnapshotId,
    snapshots: draft.snapshots,
    'snapshot-log': finishedSnapshotLog(draft),
    'metadata-log': base?.['metadata-log'] ?? [],
    refs: Object.fromEntries(draft.refs),
    ...(hadStatistics ? { statistics: draft.statistics } : {}),
    ...(hadPartitionStatistics ? { 'partition-statistics': draft.partitionStatistics } : {}),
    ...(draft.version >= 3 ? { 'next-row-id': draft.nextRowId } : {}),
    ...(draft.encryptionKeys.length > 0
      ? { 'encryption-keys': draft.encryptionKeys }
      : { 'encryption-keys': undefined }),
  };
}

/** The default spec and order must work with the current schema; a `void` field may outlive its column. */
function checkDefaultsFit(draft: MetadataDraft): void {
  const schema = currentSchema(draft);
  const spec = draft.specs.find((candidate) => candidate['spec-id'] === draft.defaultSpecId);
  if (spec === undefined) refuseUpdate('the table has no default partition spec');
  bindPartitionSpec({ fields: spec.fields.filter((field) => parseTransform(field.transform).kind !== 'void') }, schema);
  const order = draft.orders.find((candidate) => candidate['order-id'] === draft.defaultOrderId);
  if (order !== undefined) checkSortOrder(order, schema);
}
