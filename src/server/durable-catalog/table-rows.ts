/** Tables in the catalog's database: from a name to the metadata file that is current. */
import type { Namespace, TableIdentifier } from '../../catalog/catalog.ts';
import { type PointerSwap, Refused } from './change.ts';
import { hasNamespace, keyOf } from './namespace-rows.ts';
import type { Sql } from './object-storage.ts';

/** In the order of their names; null: there is no such namespace. */
export function listTables(sql: Sql, namespace: Namespace): string[] | null {
  if (!hasNamespace(sql, namespace)) return null;
  const rows = sql.exec<{ name: string }>(
    'SELECT name FROM tables WHERE namespace = ? ORDER BY name',
    keyOf(namespace),
  );
  return rows.toArray().map(({ name }) => name);
}

/** Null: there is no such table. */
export function metadataLocation(sql: Sql, { namespace, name }: TableIdentifier): string | null {
  const query = 'SELECT metadata_location AS found FROM tables WHERE namespace = ? AND name = ?';
  return sql.exec<{ found: string }>(query, keyOf(namespace), name).toArray()[0]?.found ?? null;
}

/** To be run in a transaction: it may throw after some were done. */
export function swapPointers(sql: Sql, swaps: readonly PointerSwap[]): void {
  for (const { identifier, from, to, folder } of swaps) {
    const { namespace, name } = identifier;
    const subject = [...namespace, name];
    const current = metadataLocation(sql, identifier);
    if (from === null && !hasNamespace(sql, namespace)) throw new Refused('no-namespace', namespace);
    if (current !== from) throw new Refused(from === null ? 'table-exists' : 'moved', subject);
    if (from === to) continue;
    const other = folderOwner(sql, folder, identifier);
    if (other !== null) throw new Refused('folder-taken', subject, other);
    const purged = purgedAt(sql, folder);
    if (purged !== null) throw new Refused('folder-purged', subject, purged);
    if (from === null) {
      const insert = 'INSERT INTO tables (metadata_location, folder, namespace, name) VALUES (?, ?, ?, ?)';
      sql.exec(insert, to, folder, keyOf(namespace), name);
    } else {
      const update = 'UPDATE tables SET metadata_location = ?, folder = ? WHERE namespace = ? AND name = ?';
      sql.exec(update, to, folder, keyOf(namespace), name);
    }
  }
}

/** @returns The table's folder. */
export function dropTable(sql: Sql, { namespace, name }: TableIdentifier, from: string): string {
  const query = 'SELECT metadata_location AS current, folder FROM tables WHERE namespace = ? AND name = ?';
  const [row] = sql.exec<{ current: string; folder: string }>(query, keyOf(namespace), name).toArray();
  if (row === undefined) throw new Refused('no-table', [...namespace, name]);
  if (row.current !== from) throw new Refused('moved', [...namespace, name]);
  sql.exec('DELETE FROM tables WHERE namespace = ? AND name = ?', keyOf(namespace), name);
  return row.folder;
}

export function renameTable(sql: Sql, from: TableIdentifier, to: TableIdentifier): void {
  if (metadataLocation(sql, from) === null) throw new Refused('no-table', [...from.namespace, from.name]);
  if (!hasNamespace(sql, to.namespace)) throw new Refused('no-namespace', to.namespace);
  if (metadataLocation(sql, to) !== null) throw new Refused('table-exists', [...to.namespace, to.name]);
  const update = 'UPDATE tables SET namespace = ?, name = ? WHERE namespace = ? AND name = ?';
  sql.exec(update, keyOf(to.namespace), to.name, keyOf(from.namespace), from.name);
}

/** Of a row: its folder is the one of the bindings, holds it, or lies in it. */
const OVERLAPS = '(folder IN (SELECT value FROM json_each(?)) OR (folder > ? AND folder < ?))';

function overlapping(folder: string): string[] {
  const parts = folder.split('/');
  const above = parts.map((_, i) => parts.slice(0, i + 1).join('/'));
  // `0` is the letter after the slash.
  return [JSON.stringify(above), `${folder}/`, `${folder}0`];
}

/** The table, other than `self`, whose folder overlaps this one. */
function folderOwner(sql: Sql, folder: string, self: TableIdentifier): string[] | null {
  const query = `SELECT namespace, name FROM tables WHERE ${OVERLAPS} AND NOT (namespace = ? AND name = ?) LIMIT 1`;
  const bindings = [...overlapping(folder), keyOf(self.namespace), self.name];
  const [row] = sql.exec<{ namespace: string; name: string }>(query, ...bindings).toArray();
  return row === undefined ? null : [...JSON.parse(row.namespace), row.name];
}

/** The dropped table whose files are being removed there. */
function purgedAt(sql: Sql, folder: string): string[] | null {
  const query = `SELECT names FROM purges WHERE ${OVERLAPS} LIMIT 1`;
  const [row] = sql.exec<{ names: string }>(query, ...overlapping(folder)).toArray();
  return row === undefined ? null : JSON.parse(row.names);
}
