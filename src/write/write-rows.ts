/** From an open source to a committed snapshot; when that fails, nothing of it stays in the store. */
import type { Catalog, LoadedTable } from '../catalog/catalog.ts';
import { CommitStateUnknownError } from '../errors.ts';
import type { OpenSource } from '../source/source.ts';
import { currentSchema, defaultSpec } from '../spec/table-parts.ts';
import type { TableUpdate } from '../spec/updates.ts';
import { onDemand } from '../util/on-demand.ts';
import { uuidV4 } from '../util/uuid.ts';
import { addedFiles } from './commit/added-files.ts';
import { earlierFacts } from './commit/earlier-load.ts';
import { importListReader } from './commit/manifest-store.ts';
import { commitSnapshot, type SnapshotCommitted } from './commit/snapshot-commit.ts';
import { checkWap } from './commit/write-audit-publish.ts';
import { type DataLoad, loadData } from './data-load.ts';
import { StagedFiles, withLeftBehind } from './staged-files.ts';
import { checkWritable } from './table-checks.ts';
import type { WriteSession } from './write-session.ts';
import type { WriteEnd } from './write-target.ts';

export interface WriteRowsRequest {
  readonly session: WriteSession;
  readonly catalog: Catalog;
  /** Its current schema takes the source. */
  readonly table: LoadedTable;
  readonly source: OpenSource;
  /** The updates that create the table when it is a staged one; else null. */
  readonly create: readonly TableUpdate[] | null;
}

export async function writeRows(request: WriteRowsRequest): Promise<WriteEnd> {
  const { session, catalog, table, source, create } = request;
  const { metadata, store } = table;
  checkWritable(metadata, table.identifier, session.branch);
  if (session.wapId !== null) checkWap(metadata, table.identifier, session.wapId);
  // The commit keeps what is there.
  if ((metadata.snapshots ?? []).length > 0) await importListReader();
  const staged = new StagedFiles(store);
  const leftBehind: string[] = [];
  const operationId = uuidV4(session.world);
  const added = addedFiles(session, table, staged, operationId);
  let load: DataLoad;
  let committed: SnapshotCommitted | null = null;
  try {
    const schema = currentSchema(metadata);
    const spec = defaultSpec(metadata);
    const stored = { staged, added };
    load = await loadData({ session, source, metadata, schema, spec, store, stored, operationId }, leftBehind);
    if (load.rows > 0 || create !== null) {
      const { payload } = load;
      const updates = create ?? [];
      committed = await commitSnapshot({
        session,
        catalog,
        table,
        create: create !== null,
        updates,
        staged,
        added,
        payload,
        leftBehind,
      });
    }
  } catch (error) {
    if (error instanceof CommitStateUnknownError) throw error;
    leftBehind.push(...(await staged.remove()));
    throw withLeftBehind(error, leftBehind);
  }
  if (committed === null) {
    const { endWithoutRows } = await onDemand(import('./seldom.ts'));
    return endWithoutRows(session, catalog, table);
  }
  const { snapshotId, earlier, retries } = committed;
  const facts =
    earlier === null
      ? {
          snapshotId,
          alreadyCommitted: false,
          rows: BigInt(load.rows),
          files: added.count,
          bytes: added.bytes,
          retries,
        }
      : { ...earlierFacts(earlier), retries };
  return { result: session.result({ ...facts, leftBehind }), table: committed.table };
}
