/** Append: a source of any size into a table, as one snapshot. */
import { IcestreamError } from '../errors.ts';
import type { RecordBatchSource } from '../source/source.ts';
import { currentSchema } from '../spec/table-parts.ts';
import { aborted } from './commit/commit-loop.ts';
import { earlierFacts, openForWrite } from './commit/earlier-load.ts';
import { replay } from './commit/replay.ts';
import { fitTableToSource } from './schema-evolution.ts';
import { typesForSource } from './source-types.ts';
import type { WriteOptions } from './write-options.ts';
import { writeRows } from './write-rows.ts';
import { WriteSession } from './write-session.ts';
import { writeSettings } from './write-settings.ts';
import type { WriteEnd, WriteTarget } from './write-target.ts';

/**
 * Appends all rows of `source`. Columns match by name. A source without rows commits nothing: `snapshotId` is null.
 * @throws IcestreamError; unless it is COMMIT_STATE_UNKNOWN, the table is as before and what could not be removed is
 * in `leftBehind`. Codes: SCHEMA_MISMATCH, INVALID_VALUE, SOURCE_*, TOO_MANY_BAD_ROWS, UNSUPPORTED, ABORTED,
 * MEMORY_LIMIT_TOO_SMALL, COMMIT_*, and those of the store and the catalog.
 */
export async function append(
  target: WriteTarget,
  source: RecordBatchSource,
  options: WriteOptions = {},
): Promise<WriteEnd> {
  return stoppable(options.signal, async () => {
    await using session = await WriteSession.begin(target.world, options);
    const { catalog } = target;
    const reload = () => catalog.loadTable(target.table.identifier, { allSnapshots: true });
    const { table: found, earlier } = await openForWrite(session, catalog, target.table);
    if (earlier?.by === 'commit-id') {
      return { result: await replay(session, found, source, earlier), table: found };
    }
    if (earlier?.by === 'writer') return { result: session.result(earlierFacts(earlier)), table: found };
    await using opened = await session.open(source, typesForSource(currentSchema(found.metadata)));
    const table = await fitTableToSource({
      catalog,
      table: found,
      source: opened.schema,
      sourceName: source.name,
      schemaEvolution: options.schemaEvolution ?? 'none',
      policy: writeSettings(found.metadata).commit,
      world: target.world,
      reload,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return await writeRows({ session, catalog, table, source: opened, create: null });
  });
}

/** Runs a write; whatever a fired signal broke on the way is reported as ABORTED. */
export async function stoppable<T>(signal: AbortSignal | undefined, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (signal?.aborted !== true || error instanceof IcestreamError || error instanceof TypeError) throw error;
    throw aborted(signal);
  }
}
