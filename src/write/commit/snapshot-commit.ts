/** The last step of a write: commits added files as one snapshot, and leaves the store as the outcome allows. */
import type { Catalog, LoadedTable } from '../../catalog/catalog.ts';
import { formatIdentifier } from '../../catalog/identifier.ts';
import { CommitStateUnknownError, IcestreamError } from '../../errors.ts';
import type { TableUpdate } from '../../spec/updates.ts';
import type { StagedFiles } from '../staged-files.ts';
import type { WriteSession } from '../write-session.ts';
import { writeSettings } from '../write-settings.ts';
import type { AddedFiles } from './added-files.ts';
import { requireSamePayload } from './commit-lookup.ts';
import { type CommitEnd, runCommit, UnknownOutcome } from './commit-loop.ts';
import type { EarlierLoad } from './earlier-load.ts';
import { SnapshotProducer } from './snapshot-producer.ts';

export interface SnapshotCommitRequest {
  readonly session: WriteSession;
  readonly catalog: Catalog;
  /** The table the files were written for; a staged one when `create`. */
  readonly table: LoadedTable;
  readonly create: boolean;
  readonly updates: readonly TableUpdate[];
  readonly staged: StagedFiles;
  readonly added: AddedFiles;
  readonly payload: string;
  /** What this write could not remove so far. Default: nothing. */
  readonly leftBehind?: readonly string[];
  /** Files that must not be in the table already. */
  readonly refuseLive?: ReadonlySet<string>;
}

export interface SnapshotCommitted {
  /** Of this write's snapshot; not in the table when there is an `earlier` load. */
  readonly snapshotId: bigint;
  readonly table: LoadedTable;
  readonly retries: number;
  /** Another call with the same identity was faster: nothing of this one was committed. */
  readonly earlier: EarlierLoad | null;
}

/**
 * Commits the files. On an error that means "nothing was committed", the caller removes what is staged.
 * @throws CommitStateUnknownError: nothing may be removed. IcestreamError otherwise.
 */
export async function commitSnapshot(request: SnapshotCommitRequest): Promise<SnapshotCommitted> {
  const { session, catalog, table, staged, create } = request;
  const { signal, commitId, writer, branch, wapId, options, world } = session;
  const producer = new SnapshotProducer({
    ...request,
    world,
    branch,
    wapId,
    commitId,
    writer,
    snapshotProperties: options.snapshotProperties ?? {},
  });
  session.meter.tick('commit');
  let end: CommitEnd<EarlierLoad | null>;
  try {
    await request.added.finish();
    end = await runCommit<EarlierLoad | null>(
      {
        catalog,
        world,
        policy: writeSettings(table.metadata).commit,
        ...(signal === undefined ? {} : { signal }),
        load: () => loadIfThere(catalog, table, create),
        build: (base) => producer.build(base),
        find: (metadata) => producer.find(metadata),
      },
      table,
    );
  } catch (error) {
    if (!(error instanceof UnknownOutcome)) throw error;
    throw unknownState(error, request, producer.snapshotId);
  }
  const earlier = end.result;
  if (earlier === null) {
    await staged.remove(producer.unused());
  } else {
    if (end.stagedMayGo) await staged.remove();
    else staged.forget();
    if (earlier.by === 'commit-id') requireSamePayload(earlier.snapshot, commitId, request.payload);
  }
  return {
    snapshotId: producer.snapshotId,
    table: end.table ?? (await reloaded(catalog, table)),
    retries: end.retries,
    earlier,
  };
}

async function loadIfThere(catalog: Catalog, table: LoadedTable, create: boolean): Promise<LoadedTable | null> {
  try {
    return await catalog.loadTable(table.identifier, { allSnapshots: true });
  } catch (error) {
    if (create && error instanceof IcestreamError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

/** The commit stands: a table that cannot be read again just now is no reason to say otherwise. */
async function reloaded(catalog: Catalog, table: LoadedTable): Promise<LoadedTable> {
  try {
    return await catalog.loadTable(table.identifier);
  } catch {
    return table;
  }
}

function unknownState(
  outcome: UnknownOutcome,
  { session, table, staged, leftBehind = [] }: SnapshotCommitRequest,
  snapshotId: bigint,
): CommitStateUnknownError {
  const name = formatIdentifier(table.identifier);
  return new CommitStateUnknownError(
    `nobody can tell whether the commit to ${name} was applied (${outcome.message}); nothing was removed. ` +
      `Call again with ${session.writer === null ? '' : 'the same writer and sequence, or with '}commitId ${session.commitId}: ` +
      'it returns the commit if it is there and writes it if it is not',
    {
      commitId: session.commitId,
      snapshotId,
      table: name,
      cause: outcome.answer,
      leftBehind: [...staged.all(), ...leftBehind],
      retryable: true,
    },
  );
}
