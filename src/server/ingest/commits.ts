/** What became of a load: looked up in the table itself, which every instance of the server sees alike. */
import type { TableIdentifier } from '../../catalog/catalog.ts';
import { formatIdentifier } from '../../catalog/identifier.ts';
import { IcestreamError } from '../../errors.ts';
import type { TableCatalog } from '../../table/table-catalog.ts';
import { uuidV7Ms } from '../../util/uuid.ts';
import { findCommit, requireHistory } from '../../write/commit/commit-lookup.ts';
import { RequestProblem } from './problem.ts';

/**
 * The snapshot of the commit, in the first of the tables that has it.
 * @throws IcestreamError NOT_FOUND: it is in none of them, so it was not applied, or not yet; COMMIT_HISTORY_EXPIRED.
 */
export async function findCommitted(
  catalog: TableCatalog,
  identifiers: readonly TableIdentifier[],
  commitId: string,
): Promise<Readonly<Record<string, unknown>>> {
  const id = commitId.toLowerCase();
  if (uuidV7Ms(id) === null) {
    throw new RequestProblem(400, 'BAD_REQUEST', 'a commit id is a UUID of version 7, as answers give it');
  }
  for (const identifier of identifiers) {
    const { metadata } = await catalog.client.loadTable(identifier, { allSnapshots: true });
    const snapshot = findCommit(metadata, id);
    if (snapshot === null) {
      requireHistory(metadata, id, identifier);
      continue;
    }
    return {
      table: formatIdentifier(identifier),
      commitId: id,
      state: 'committed',
      snapshotId: String(snapshot['snapshot-id']),
      committedAtMs: Number(snapshot['timestamp-ms']),
      summary: snapshot.summary,
    };
  }
  const where = identifiers.map(formatIdentifier).join(', ');
  throw new IcestreamError('NOT_FOUND', `no snapshot of ${where} carries commit ${id}: it was not applied, or not yet`);
}
