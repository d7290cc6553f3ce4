/** Namespaces in the catalog's database. */

import type { Namespace, NamespaceChanges, NamespaceUpdate } from '../../catalog/catalog.ts';
import { changedProperties } from '../../catalog/changed-properties.ts';
import { Refused } from './change.ts';
import type { Sql } from './object-storage.ts';

export function hasNamespace(sql: Sql, namespace: Namespace): boolean {
  return sql.exec('SELECT 1 FROM namespaces WHERE name = ?', keyOf(namespace)).toArray().length > 0;
}

/** Direct children, or the top ones; null: there is no such parent. */
export function listNamespaces(sql: Sql, parent: Namespace): Namespace[] | null {
  if (parent.length > 0 && !hasNamespace(sql, parent)) return null;
  const rows = sql.exec<{ name: string }>('SELECT name FROM namespaces WHERE parent = ? ORDER BY name', keyOf(parent));
  return rows.toArray().map(({ name }) => JSON.parse(name));
}

/** Null: there is no such namespace. */
export function namespaceProperties(sql: Sql, namespace: Namespace): Record<string, string> | null {
  const rows = sql.exec<{ properties: string }>('SELECT properties FROM namespaces WHERE name = ?', keyOf(namespace));
  const [row] = rows.toArray();
  return row === undefined ? null : JSON.parse(row.properties);
}

export function createNamespace(sql: Sql, namespace: Namespace, properties: Readonly<Record<string, string>>): void {
  const parent = namespace.slice(0, -1);
  if (parent.length > 0 && !hasNamespace(sql, parent)) throw new Refused('no-namespace', parent);
  if (hasNamespace(sql, namespace)) throw new Refused('namespace-exists', namespace);
  const values = [keyOf(namespace), keyOf(parent), JSON.stringify(properties)];
  sql.exec('INSERT INTO namespaces (name, parent, properties) VALUES (?, ?, ?)', ...values);
}

export function updateNamespace(sql: Sql, namespace: Namespace, changes: NamespaceChanges): NamespaceUpdate {
  const before = namespaceProperties(sql, namespace);
  if (before === null) throw new Refused('no-namespace', namespace);
  const { properties, ...update } = changedProperties(before, changes);
  sql.exec('UPDATE namespaces SET properties = ? WHERE name = ?', JSON.stringify(properties), keyOf(namespace));
  return update;
}

export function dropNamespace(sql: Sql, namespace: Namespace): void {
  if (!hasNamespace(sql, namespace)) throw new Refused('no-namespace', namespace);
  const key = keyOf(namespace);
  const children = sql.exec<{ name: string }>('SELECT name FROM namespaces WHERE parent = ? LIMIT 1', key).toArray();
  if (children[0] !== undefined) throw new Refused('not-empty', namespace, JSON.parse(children[0].name));
  const tables = sql.exec<{ name: string }>('SELECT name FROM tables WHERE namespace = ? LIMIT 1', key).toArray();
  if (tables[0] !== undefined) throw new Refused('not-empty', namespace, [...namespace, tables[0].name]);
  sql.exec('DELETE FROM namespaces WHERE name = ?', key);
}

/** A namespace as it stands in the database. */
export function keyOf(namespace: Namespace): string {
  return JSON.stringify(namespace);
}
