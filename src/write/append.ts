/** Append: a source of any size into a table, as one snapshot. */
import type { LoadedTable } from '../catalog/catalog.ts';
import { formatIdentifier } from '../catalog/identifier.ts';
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import { IcestreamError } from '../errors.ts';
import { checkCompatibility } from '../format/compatibility.ts';
import type { RecordBatchSource } from '../source/source.ts';
import { currentSchema } from '../spec/table-parts.ts';
import { onDemand } from '../util/on-demand.ts';
import type { World } from '../util/world.ts';
import { checkAppend } from './check-options.ts';
import { aborted } from './commit/commit-loop.ts';
import { earlierFacts, openForWrite } from './commit/earlier-load.ts';
import { typesForSource } from './source-types.ts';
import { orTooSmall } from './too-small.ts';
import type { WriteOptions } from './write-options.ts';
import { writeRows } from './write-rows.ts';
import { WriteSession } from './write-session.ts';
import { writeSettings } from './write-settings.ts';
import type { WriteEnd, WriteTarget } from './write-target.ts';

/**
 * Appends all rows of `source`. Columns match by name. A source without rows commits nothing: `snapshotId` is null.
 * @throws IcestreamError; unless it is COMMIT_STATE_UNKNOWN, the table is as before and what could not be removed is
 * in `leftBehind`. Codes: SCHEMA_MISMATCH, INVALID_VALUE, SOURCE_*, TOO_MANY_BAD_ROWS, UNSUPPORTED, ABORTED,
 * MEMORY_LIMIT_TOO_SMALL, COMMIT_*, and those of the store and the catalog; TypeError for an option that cannot be.
 */
export async function append(
  target: WriteTarget,
  source: RecordBatchSource,
  options: WriteOptions = {},
): Promise<WriteEnd> {
  checkAppend(options);
  return inSession(target.world, options, source, async (session) => {
    const { catalog } = target;
    const { table: found, earlier } = await openForWrite(session, catalog, target.table);
    if (earlier?.by === 'commit-id') {
      const { replay } = await onDemand(import('./seldom.ts'));
      return { result: await replay(session, found, source, earlier), table: found };
    }
    if (earlier?.by === 'writer') return { result: session.result(earlierFacts(earlier)), table: found };
    await using opened = await session.open(source, typesForSource(currentSchema(found.metadata)));
    const table = await fitted(target, found, { schema: opened.schema, name: source.name }, options);
    return await writeRows({ session, catalog, table, source: opened, create: null });
  });
}

/** The table that takes the source's columns: as it is, or with what it lacks where it may gain columns. */
async function fitted(
  { catalog, world }: WriteTarget,
  table: LoadedTable,
  source: { readonly schema: ArrowSchema; readonly name: string },
  { schemaEvolution = 'none', signal }: WriteOptions,
): Promise<LoadedTable> {
  const { metadata, identifier } = table;
  if (schemaEvolution === 'none') {
    const names = { source: source.name, table: formatIdentifier(identifier) };
    checkCompatibility(source.schema, currentSchema(metadata), names);
    return table;
  }
  const { fitTableToSource } = await onDemand(import('./seldom.ts'));
  return fitTableToSource({
    catalog,
    table,
    source: source.schema,
    sourceName: source.name,
    policy: writeSettings(metadata).commit,
    world,
    reload: () => catalog.loadTable(identifier, { allSnapshots: true }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * Runs a write, of `source` where it has one. Whatever a fired signal broke on the way is reported as ABORTED, and what of
 * the source was not opened by then ends, too; an engine without memory, wherever it was, with a limit that does.
 */
export async function inSession<T>(
  world: World,
  options: WriteOptions,
  source: RecordBatchSource | null,
  write: (session: WriteSession) => Promise<T>,
): Promise<T> {
  const { signal } = options;
  try {
    await using session = await WriteSession.begin(world, options);
    return await write(session).catch((error: unknown) => {
      throw orTooSmall(error, session);
    });
  } catch (error) {
    if (signal?.aborted === true) source?.cancel?.(signal.reason);
    if (signal?.aborted !== true || error instanceof IcestreamError || error instanceof TypeError) throw error;
    throw aborted(signal);
  }
}
