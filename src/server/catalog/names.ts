/** Namespaces and tables as they stand in paths, queries and bodies. */
import type { Namespace, TableIdentifier } from '../../catalog/catalog.ts';
import type { JsonCursor } from '../../spec/json-cursor.ts';
import { badRequest } from './problem.ts';

/** The unit separator, which all clients know; none other is announced. */
const SEPARATOR = '\u001f';

/** Of a decoded path segment or query value. */
export function namespaceOf(text: string): Namespace {
  return checkNamespace(text.split(SEPARATOR));
}

export function tableOf(namespace: string, name: string): TableIdentifier {
  return { namespace: namespaceOf(namespace), name: checkName(name) };
}

export function parseNamespaceJson(cursor: JsonCursor): Namespace {
  return checkNamespace(cursor.array().map((part) => part.string()));
}

export function parseIdentifierJson(cursor: JsonCursor): TableIdentifier {
  return {
    namespace: parseNamespaceJson(cursor.get('namespace')),
    name: checkName(cursor.get('name').string()),
  };
}

/**
 * A path whose escapes are whole, so that decoding it once is all there is to do.
 * @throws CatalogProblem 400.
 */
export function checkPath(path: string): void {
  try {
    decodeURIComponent(path);
  } catch (cause) {
    throw badRequest('the path has a % that does not begin an escape of UTF-8', { cause });
  }
}

function checkNamespace(parts: readonly string[]): Namespace {
  if (parts.length === 0) throw badRequest('a namespace needs at least one name');
  return parts.map(checkName);
}

export function checkName(name: string): string {
  if (name === '' || name === '.' || name === '..') throw badRequest('a name is empty, or a dot segment');
  if (/\p{Cc}/u.test(name)) throw badRequest('a name has a control character');
  return name;
}
