/** A second call under a commit id that is in the table: the rows are read and encoded once more, and not stored. */
import type { LoadedTable } from '../catalog/catalog.ts';
import type { OpenSource } from '../source/source.ts';
import type { Schema } from '../spec/schema.ts';
import type { Snapshot } from '../spec/snapshot.ts';
import { uuidV4 } from '../util/uuid.ts';
import { requireSamePayload } from './commit-lookup.ts';
import { loadData } from './data-load.ts';
import { earlierFacts } from './earlier-load.ts';
import { defaultSpec } from './table-checks.ts';
import type { WriteResult } from './write-options.ts';
import type { WriteSession } from './write-session.ts';

/**
 * The first call's result.
 * @throws IcestreamError INVALID_ARGUMENT when the source holds other rows than the snapshot.
 */
export async function replayOf(
  session: WriteSession,
  table: LoadedTable,
  schema: Schema,
  source: OpenSource,
  earlier: Snapshot,
): Promise<WriteResult> {
  const { metadata, store } = table;
  const { payload } = await loadData(
    {
      session,
      source,
      metadata,
      schema,
      spec: defaultSpec(metadata),
      store,
      staged: null,
      operationId: uuidV4(session.world),
    },
    [],
  );
  requireSamePayload(earlier, session.commitId, payload);
  return session.result(earlierFacts({ by: 'commit-id', snapshot: earlier }));
}
