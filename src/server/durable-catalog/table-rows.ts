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
    if (from === null) {
      const insert = 'INSERT INTO tables (metadata_location, folder, namespace, name) VALUES (?, ?, ?, ?)';
      sql.exec(insert, to, folder, keyOf(namespace), name);
    } else {
      const update = 'UPDATE tables SET metadata_location = ?, folder = ? WHERE namespace = ? AND name = ?';
      sql.exec(update, to, folder, keyOf(namespace), name);
    }
  }
}

export function dropTable(sql: Sql, identifier: TableIdentifier, from: string): void {
  const current = metadataLocation(sql, identifier);
  const subject = [...identifier.namespace, identifier.name];
  if (current === null) throw new Refused('no-table', subject);
  if (current !== from) throw new Refused('moved', subject);
  sql.exec('DELETE FROM tables WHERE namespace = ? AND name = ?', keyOf(identifier.namespace), identifier.name);
}

export function renameTable(sql: Sql, from: TableIdentifier, to: TableIdentifier): void {
  if (metadataLocation(sql, from) === null) throw new Refused('no-table', [...from.namespace, from.name]);
  if (!hasNamespace(sql, to.namespace)) throw new Refused('no-namespace', to.namespace);
  if (metadataLocation(sql, to) !== null) throw new Refused('table-exists', [...to.namespace, to.name]);
  const update = 'UPDATE tables SET namespace = ?, name = ? WHERE namespace = ? AND name = ?';
  sql.exec(update, keyOf(to.namespace), to.name, keyOf(from.namespace), from.name);
}

/** The table, other than `self`, whose folder is this one, holds it, or lies in it. */
function folderOwner(sql: Sql, folder: string, self: TableIdentifier): string[] | null {
  const parts = folder.split('/');
  const above = parts.map((_, i) => parts.slice(0, i + 1).join('/'));
  // `0` is the letter after the slash.
  const query = `
    SELECT namespace, name FROM tables
    WHERE (folder IN (SELECT value FROM json_each(?)) OR (folder > ? AND folder < ?))
      AND NOT (namespace = ? AND name = ?)
    LIMIT 1`;
  const bindings = [JSON.stringify(above), `${folder}/`, `${folder}0`, keyOf(self.namespace), self.name];
  const [row] = sql.exec<{ namespace: string; name: string }>(query, ...bindings).toArray();
  return row === undefined ? null : [...JSON.parse(row.namespace), row.name];
}
