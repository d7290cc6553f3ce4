/**
 * Create-table-and-append in one call: the schema comes from the source's header, the table is staged, and one commit
 * makes it exist together with its first snapshot. A failure leaves neither a table nor files.
 */
import type { Catalog, CreateTableRequest, LoadedTable, TableIdentifier } from '../catalog/catalog.ts';
import { ensureNamespace } from '../catalog/ensure-namespace.ts';
import { formatIdentifier } from '../catalog/identifier.ts';
import { IcestreamError } from '../errors.ts';
import { checkCompatibility } from '../format/compatibility.ts';
import { icebergSchemaFromArrow } from '../format/iceberg-from-arrow.ts';
import type { OpenSource, RecordBatchSource } from '../source/source.ts';
import type { Schema } from '../spec/schema.ts';
import type { SortOrder } from '../spec/sort-order.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import { formatVersionOf } from '../spec/table-metadata-new.ts';
import { currentSchema, defaultSpec } from '../spec/table-parts.ts';
import type { TableUpdate } from '../spec/updates.ts';
import { onDemand } from '../util/on-demand.ts';
import type { World } from '../util/world.ts';
import { type PartitionRequest, partitionSpecOf } from './add-files/partition-request.ts';
import { inSession } from './append.ts';
import { checkCreateAndAppend } from './check-options.ts';
import { earlierFacts, findEarlier } from './commit/earlier-load.ts';
import { typesForSource } from './source-types.ts';
import type { WriteOptions } from './write-options.ts';
import { writeRows } from './write-rows.ts';
import type { WriteEnd } from './write-target.ts';

/** The table to be created. */
export interface NewTableRequest {
  /** Default: the source's columns. */
  readonly schema?: Schema;
  /** `['month(ordered_at)', 'bucket(16, id)']`, or a spec by the schema's field ids. Default: unpartitioned. */
  readonly partitionSpec?: PartitionRequest;
  readonly sortOrder?: SortOrder;
  /** Default: where the catalog puts it. */
  readonly location?: string;
  /**
   * Table properties; `format-version` (2 or 3) chooses the version, default 2. Those of a column (`….column.<name>`) must
   * name one that the table has.
   */
  readonly properties?: Readonly<Record<string, string>>;
  /** Makes the namespace, too, where there is none, once the source fits the request. Default false: an error. */
  readonly createNamespace?: boolean;
}

/**
 * Creates the table and appends all rows of `source`; a source without rows makes an empty table.
 * @throws IcestreamError ALREADY_EXISTS; otherwise as `append`.
 */
export async function createAndAppend(
  target: { readonly catalog: Catalog; readonly identifier: TableIdentifier; readonly world: World },
  source: RecordBatchSource,
  request: NewTableRequest = {},
  options: WriteOptions = {},
): Promise<WriteEnd> {
  checkCreateAndAppend(request, options);
  return inSession(target.world, options, source, async (session) => {
    const { catalog, identifier } = target;
    if (options.commitId !== undefined || options.writer !== undefined) {
      const existing = await loadIfThere(catalog, identifier);
      const earlier = existing === null ? null : findEarlier(existing.metadata, session);
      if (existing !== null && earlier?.by === 'writer') {
        return { result: session.result(earlierFacts(earlier)), table: existing };
      }
      if (existing !== null && earlier?.by === 'commit-id') {
        const { replay } = await onDemand(import('./seldom.ts'));
        return { result: await replay(session, existing, source, earlier), table: existing };
      }
    }
    const expected = request.schema === undefined ? undefined : typesForSource(request.schema);
    await using opened = await session.open(source, expected);
    const create = createRequest(request, opened, source.name);
    if (request.createNamespace === true) await ensureNamespace(catalog, identifier.namespace, signalOf(options));
    const staged = await catalog.stageTable(identifier, create, signalOf(options));
    const { metadata } = staged;
    checkCompatibility(opened.schema, currentSchema(metadata), {
      source: source.name,
      table: formatIdentifier(identifier),
    });
    return await writeRows({ session, catalog, table: staged, source: opened, create: createUpdates(metadata) });
  });
}

function createRequest(request: NewTableRequest, opened: OpenSource, source: string): CreateTableRequest {
  const formatVersion = formatVersionOf(request.properties);
  const schema = request.schema ?? icebergSchemaFromArrow(opened.schema, { formatVersion, source });
  const { partitionSpec, sortOrder, location, properties } = request;
  return {
    schema,
    ...(partitionSpec === undefined ? {} : { partitionSpec: partitionSpecOf(partitionSpec, schema) }),
    ...(sortOrder === undefined ? {} : { sortOrder }),
    ...(location === undefined ? {} : { location }),
    ...(properties === undefined ? {} : { properties }),
  };
}

/** Everything that makes the staged table, as updates of an empty one. */
export function createUpdates(metadata: TableMetadata): readonly TableUpdate[] {
  const order = metadata['sort-orders'].find((one) => one['order-id'] === metadata['default-sort-order-id']);
  const properties = metadata.properties ?? {};
  return [
    { action: 'assign-uuid', uuid: metadata['table-uuid'] },
    { action: 'upgrade-format-version', 'format-version': metadata['format-version'] },
    { action: 'add-schema', schema: currentSchema(metadata), 'last-column-id': metadata['last-column-id'] },
    { action: 'set-current-schema', 'schema-id': -1 },
    { action: 'add-spec', spec: defaultSpec(metadata) },
    { action: 'set-default-spec', 'spec-id': -1 },
    { action: 'add-sort-order', 'sort-order': order ?? { 'order-id': 0, fields: [] } },
    { action: 'set-default-sort-order', 'sort-order-id': -1 },
    { action: 'set-location', location: metadata.location },
    ...(Object.keys(properties).length === 0 ? [] : [{ action: 'set-properties' as const, updates: properties }]),
  ];
}

async function loadIfThere(catalog: Catalog, identifier: TableIdentifier): Promise<LoadedTable | null> {
  try {
    return await catalog.loadTable(identifier, { allSnapshots: true });
  } catch (error) {
    if (error instanceof IcestreamError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

function signalOf(options: WriteOptions) {
  return options.signal === undefined ? {} : { signal: options.signal };
}
