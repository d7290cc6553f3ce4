/** Folders of tables that were dropped with their files, until those are removed. */
import type { TableIdentifier } from '../../catalog/catalog.ts';
import type { Sql } from './object-storage.ts';

/** Who has not ended by then is taken for dead. */
const REMOVING_MS = 3_600_000;

/** A folder that `run` has to remove the files of. */
export interface Purge {
  readonly folder: string;
  /** Names who removes them: who was taken for dead does not end what another goes on with. */
  readonly run: string;
}

export function addPurge(sql: Sql, { folder, run }: Purge, { namespace, name }: TableIdentifier, nowMs: number): void {
  const insert = 'INSERT OR REPLACE INTO purges (folder, names, run, since_ms) VALUES (?, ?, ?, ?)';
  sql.exec(insert, folder, JSON.stringify([...namespace, name]), run, nowMs);
}

/** `folder`, if its files are not removed yet; without one, the next that nobody removes any more; null: there is none. */
export function takePurge(sql: Sql, run: string, folder: string | null, nowMs: number): Purge | null {
  const update = `
    UPDATE purges SET run = ?, since_ms = ?
    WHERE folder = coalesce(?, (SELECT folder FROM purges WHERE since_ms < ? ORDER BY since_ms LIMIT 1))
    RETURNING folder`;
  const [row] = sql.exec<{ folder: string }>(update, run, nowMs, folder, nowMs - REMOVING_MS).toArray();
  return row === undefined ? null : { folder: row.folder, run };
}

export function endPurge(sql: Sql, { folder, run }: Purge): void {
  sql.exec('DELETE FROM purges WHERE folder = ? AND run = ?', folder, run);
}
