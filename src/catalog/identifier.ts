/** Names of tables and namespaces: text to parts and back, and their form in a REST path. */
import { IcestreamError } from '../errors.ts';
import type { Namespace, TableIdentifier } from './catalog.ts';

/**
 * Splits `sales.eu` into its parts. A part that holds a dot stands in backticks (two of them for one):
 * `` sales.`north.east` ``.
 * @throws IcestreamError INVALID_ARGUMENT for an empty part or a backtick that is not closed.
 */
export function parseNamespace(text: string | Namespace): Namespace {
  const parts = typeof text === 'string' ? splitName(text) : [...text];
  checkParts(parts, typeof text === 'string' ? text : formatNamespace(text));
  return parts;
}

/**
 * `sales.orders` or `['sales', 'orders']`: the last part names the table, those before it the namespace.
 * @throws IcestreamError INVALID_ARGUMENT when there are fewer than two parts, or an empty one.
 */
export function parseIdentifier(text: string | readonly string[] | TableIdentifier): TableIdentifier {
  const parts =
    typeof text === 'string' ? splitName(text) : 'namespace' in text ? [...text.namespace, text.name] : [...text];
  const shown = typeof text === 'string' ? text : formatNamespace(parts);
  checkParts(parts, shown);
  const name = parts.pop();
  if (name === undefined || parts.length === 0) {
    throw new IcestreamError(
      'INVALID_ARGUMENT',
      `"${cut(shown)}" is not a table name: give the namespace and the table, as in sales.orders`,
      { option: 'table' },
    );
  }
  return { namespace: parts, name };
}

/** The opposite of {@link parseNamespace}. */
export function formatNamespace(namespace: Namespace): string {
  return namespace.map((part) => (/[.`]/.test(part) ? `\`${part.replaceAll('`', '``')}\`` : part)).join('.');
}

/** The opposite of {@link parseIdentifier}. */
export function formatIdentifier(identifier: TableIdentifier): string {
  return formatNamespace([...identifier.namespace, identifier.name]);
}

/** Whether two identifiers name the same table of a catalog. */
export function sameIdentifier(a: TableIdentifier, b: TableIdentifier): boolean {
  return formatIdentifier(a) === formatIdentifier(b);
}

/** One segment of a REST path. Dot segments are refused: URLs resolve them, encoded or not. */
export function encodePathSegment(text: string): string {
  if (text === '.' || text === '..') {
    throw new IcestreamError('INVALID_ARGUMENT', `the name "${text}" cannot stand in a URL; choose another name`);
  }
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    throw new IcestreamError('INVALID_ARGUMENT', 'a name holds a lone surrogate, which cannot stand in a URL', {
      cause,
    });
  }
}

/**
 * A namespace as one path segment: parts percent-encoded, joined by `separator`, which is given percent-encoded, as
 * the configuration key `namespace-separator` has it (default `%1F`, the unit separator).
 */
export function encodeNamespace(namespace: Namespace, separator = '%1F'): string {
  if (namespace.length === 1) return encodePathSegment(namespace[0] ?? '');
  return namespace.map((part) => (part === '.' || part === '..' ? part : encodePathSegment(part))).join(separator);
}

function checkParts(parts: readonly string[], shown: string): void {
  if (parts.length === 0 || parts.some((part) => part === '')) {
    throw new IcestreamError('INVALID_ARGUMENT', `"${cut(shown)}" has an empty part; write names as in sales.orders`);
  }
}

function splitName(text: string): string[] {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const [part, end] = text[at] === '`' ? quotedPart(text, at) : plainPart(text, at);
    parts.push(part);
    if (end >= text.length) return parts;
    at = end + 1;
  }
}

function plainPart(text: string, from: number): [string, number] {
  const dot = text.indexOf('.', from);
  const end = dot === -1 ? text.length : dot;
  return [text.slice(from, end), end];
}

function quotedPart(text: string, from: number): [string, number] {
  let part = '';
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] !== '`') {
      part += text[i];
    } else if (text[i + 1] === '`') {
      part += '`';
      i++;
    } else if (i + 1 === text.length || text[i + 1] === '.') {
      return [part, i + 1];
    } else {
      break;
    }
  }
  throw new IcestreamError('INVALID_ARGUMENT', `"${cut(text)}" has a backtick that is not closed before the next dot`);
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
