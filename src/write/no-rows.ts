/** The end of a load without rows: there is no snapshot to commit, but a writer's watermark still moves. */
import type { Catalog, LoadedTable } from '../catalog/catalog.ts';
import { formatIdentifier } from '../catalog/identifier.ts';
import { IcestreamError } from '../errors.ts';
import { ownValue } from '../spec/json-cursor.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import { type CommitBody, type Found, runCommit, UnknownOutcome } from './commit/commit-loop.ts';
import { type EarlierLoad, earlierFacts, findEarlier } from './commit/earlier-load.ts';
import { watermarkProperties } from './commit/writer-watermark.ts';
import type { WriterPosition } from './write-options.ts';
import type { WriteSession } from './write-session.ts';
import { writeSettings } from './write-settings.ts';
import type { WriteEnd } from './write-target.ts';

/** @throws IcestreamError UNAVAILABLE when nobody can tell whether the watermark moved; commit errors. */
export async function endWithoutRows(session: WriteSession, catalog: Catalog, table: LoadedTable): Promise<WriteEnd> {
  const { writer, signal, world } = session;
  const nothing = { snapshotId: null, alreadyCommitted: false, rows: 0n, files: 0, bytes: 0n, retries: 0 };
  if (writer === null) return { result: session.result(nothing), table };
  session.meter.tick('commit');
  try {
    const {
      result,
      retries,
      table: after,
    } = await runCommit<EarlierLoad | null>(
      {
        catalog,
        world,
        policy: writeSettings(table.metadata).commit,
        ...(signal === undefined ? {} : { signal }),
        load: () => catalog.loadTable(table.identifier, { allSnapshots: true }),
        build: async (base) => watermarkCommit(table, base ?? table, writer, session.branch),
        find: (metadata) => found(findEarlier(metadata, session), writer),
      },
      table,
    );
    const facts = result === null ? nothing : earlierFacts(result);
    return { result: session.result({ ...facts, retries }), table: after ?? table };
  } catch (error) {
    if (!(error instanceof UnknownOutcome)) throw error;
    const name = formatIdentifier(table.identifier);
    throw new IcestreamError(
      'UNAVAILABLE',
      `noting sequence ${writer.sequence} of writer ${JSON.stringify(writer.id)} in ${name} got no clear answer ` +
        `(${error.message}); the load had no rows: run it again`,
      { table: name, cause: error.answer, retryable: true },
    );
  }
}

/** For `table` as it looks in `base`. */
function watermarkCommit(
  table: LoadedTable,
  base: LoadedTable,
  writer: WriterPosition,
  branch: string,
): CommitBody<null> {
  const uuid = table.metadata['table-uuid'];
  const head = headOf(base.metadata, branch);
  return {
    request: {
      identifier: base.identifier,
      requirements: [
        { type: 'assert-table-uuid', uuid },
        // A load of this writer that came in meanwhile has moved the branch and the watermark.
        { type: 'assert-ref-snapshot-id', ref: branch, 'snapshot-id': head },
      ],
      updates: [{ action: 'set-properties', updates: watermarkProperties(writer, branch, null) }],
    },
    result: null,
    isSuperseded: (now) => now['table-uuid'] !== uuid || headOf(now, branch) !== head,
  };
}

/** A watermark without a snapshot at just this sequence says the same whoever set it. */
function found(earlier: EarlierLoad | null, writer: WriterPosition): Found<EarlierLoad | null> | null {
  if (earlier === null) return null;
  const same = earlier.by === 'writer' && earlier.writerSequence === writer.sequence && earlier.snapshotId === null;
  return same ? { result: null, own: true } : { result: earlier, own: false };
}

function headOf(metadata: TableMetadata, branch: string): bigint | null {
  return ownValue(metadata.refs, branch)?.['snapshot-id'] ?? null;
}
