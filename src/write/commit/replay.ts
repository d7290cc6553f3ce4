/** A second call under a commit id that is in the table: the rows are read and encoded once more, and not stored. */
import type { LoadedTable } from '../../catalog/catalog.ts';
import { formatIdentifier } from '../../catalog/identifier.ts';
import { IcestreamError } from '../../errors.ts';
import { checkCompatibility } from '../../format/compatibility.ts';
import type { OpenSource, RecordBatchSource } from '../../source/source.ts';
import type { Schema } from '../../spec/schema.ts';
import type { Snapshot } from '../../spec/snapshot.ts';
import { currentSchema, defaultSpec } from '../../spec/table-parts.ts';
import { uuidV4 } from '../../util/uuid.ts';
import { loadData } from '../data-load.ts';
import { typesForSource } from '../source-types.ts';
import { withLeftBehind } from '../staged-files.ts';
import type { WriteResult } from '../write-options.ts';
import type { WriteSession } from '../write-session.ts';
import { otherPayload, requireSamePayload } from './commit-lookup.ts';
import { type CommittedLoad, earlierFacts } from './earlier-load.ts';

/**
 * The first call's result, once the source has proved to be the same. It is read with the columns that the table had
 * then; how the table is partitioned by now does not matter.
 * @throws IcestreamError INVALID_ARGUMENT when the source has other columns or rows than the snapshot.
 */
export async function replay(
  session: WriteSession,
  table: LoadedTable,
  source: RecordBatchSource,
  earlier: CommittedLoad,
): Promise<WriteResult> {
  const { metadata, store } = table;
  const { snapshot } = earlier;
  const schema = metadata.schemas.find((one) => one['schema-id'] === snapshot['schema-id']) ?? currentSchema(metadata);
  await using opened = await session.open(source, typesForSource(schema));
  requireSameColumns(session, table, schema, opened, snapshot);
  const leftBehind: string[] = [];
  const { payload } = await loadData(
    {
      session,
      source: opened,
      metadata,
      schema,
      spec: defaultSpec(metadata),
      store,
      stored: null,
      operationId: uuidV4(session.world),
    },
    leftBehind,
  ).catch((error: unknown) => {
    throw withLeftBehind(error, leftBehind);
  });
  requireSamePayload(snapshot, session.commitId, payload);
  return session.result({ ...earlierFacts(earlier), leftBehind });
}

function requireSameColumns(
  session: WriteSession,
  { identifier }: LoadedTable,
  schema: Schema,
  source: OpenSource,
  earlier: Snapshot,
): void {
  try {
    checkCompatibility(source.schema, schema, { table: formatIdentifier(identifier) });
  } catch (cause) {
    if (!(cause instanceof IcestreamError) || cause.code !== 'SCHEMA_MISMATCH') throw cause;
    throw otherPayload(earlier, session.commitId, cause);
  }
}
