/**
 * `schemaEvolution: 'addColumns'`: columns that the table lacks are committed before any data is written, because
 * field ids are baked into data files and a concurrent change could take them.
 */
import type { Catalog, LoadedTable } from '../catalog/catalog.ts';
import { formatIdentifier } from '../catalog/identifier.ts';
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import { IcestreamError } from '../errors.ts';
import { type Evolution, withMissingColumns } from '../format/add-columns.ts';
import {
  completedMapping,
  NAME_MAPPING_PROPERTY,
  parseNameMapping,
  stringifyNameMapping,
} from '../format/name-mapping.ts';
import { ownValue } from '../spec/json-cursor.ts';
import type { Schema } from '../spec/schema.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import { currentSchema } from '../spec/table-parts.ts';
import type { TableUpdate } from '../spec/updates.ts';
import type { World } from '../util/world.ts';
import { type CommitPolicy, runCommit, UnknownOutcome } from './commit/commit-loop.ts';

export interface FitRequest {
  readonly catalog: Catalog;
  readonly table: LoadedTable;
  readonly source: ArrowSchema;
  readonly sourceName: string;
  readonly policy: CommitPolicy;
  readonly world: World;
  readonly reload: () => Promise<LoadedTable>;
  readonly signal?: AbortSignal;
}

/**
 * The table whose current schema takes the source: as it is, or after the missing columns were committed.
 * @throws IcestreamError SCHEMA_MISMATCH naming every column at fault; commit errors.
 */
export async function fitTableToSource(request: FitRequest): Promise<LoadedTable> {
  const compare = (metadata: TableMetadata): Evolution =>
    withMissingColumns(request.source, currentSchema(metadata), {
      source: request.sourceName,
      table: formatIdentifier(request.table.identifier),
      formatVersion: metadata['format-version'],
      lastColumnId: metadata['last-column-id'],
    });
  if (compare(request.table.metadata).added.length === 0) return request.table;
  const { catalog, world, policy, signal } = request;
  try {
    const end = await runCommit<null>(
      {
        catalog,
        world,
        policy,
        ...(signal === undefined ? {} : { signal }),
        load: request.reload,
        find: (metadata) => (compare(metadata).added.length === 0 ? { result: null, own: true } : null),
        build: async (base) => schemaCommit(base ?? request.table, compare((base ?? request.table).metadata)),
      },
      request.table,
    );
    return end.table ?? (await request.reload());
  } catch (error) {
    if (!(error instanceof UnknownOutcome)) throw error;
    throw new IcestreamError(
      'UNAVAILABLE',
      `adding columns to ${formatIdentifier(request.table.identifier)} got no clear answer (${error.message}); ` +
        'no data was written: run the write again',
      { table: formatIdentifier(request.table.identifier), cause: error.answer, retryable: true },
    );
  }
}

function schemaCommit(base: LoadedTable, wanted: Evolution) {
  const { metadata } = base;
  return {
    request: {
      identifier: base.identifier,
      requirements: [
        { type: 'assert-table-uuid' as const, uuid: metadata['table-uuid'] },
        { type: 'assert-current-schema-id' as const, 'current-schema-id': metadata['current-schema-id'] },
        { type: 'assert-last-assigned-field-id' as const, 'last-assigned-field-id': metadata['last-column-id'] },
      ],
      updates: [
        { action: 'add-schema' as const, schema: wanted.schema, 'last-column-id': wanted.lastColumnId },
        { action: 'set-current-schema' as const, 'schema-id': -1 },
        ...mappingUpdate(metadata, wanted.schema),
      ],
    },
    result: null,
    // Field ids only grow: once others were assigned, this commit's requirement can never hold again.
    isSuperseded: (now: TableMetadata) => now['last-column-id'] > metadata['last-column-id'],
  };
}

/** A table with a name mapping finds columns by it in files without field ids: new ones too. */
function mappingUpdate({ properties }: TableMetadata, schema: Schema): readonly TableUpdate[] {
  const stored = ownValue(properties, NAME_MAPPING_PROPERTY);
  if (stored === undefined) return [];
  const mapping = stringifyNameMapping(completedMapping(parseNameMapping(stored), schema));
  return [{ action: 'set-properties', updates: { [NAME_MAPPING_PROPERTY]: mapping } }];
}
