/** Which column metrics are kept (table properties `write.metadata.metrics.*`; Java: MetricsConfig). */
import { ownValue } from './json-cursor.ts';
import { sourceIds } from './partition-fields.ts';
import { badProperty, columnsWithPrefix, intProperty, type Properties } from './property-readers.ts';
import { schemaIndex } from './schema-index.ts';
import type { SortOrder } from './sort-order.ts';
import { parseTransform, preservesOrder } from './transform.ts';
import type { StructType, Type } from './types.ts';

export type MetricsMode =
  | { readonly kind: 'none' | 'counts' | 'full' }
  /** Bounds of strings are cut to so many code points, of binaries to so many bytes. */
  | { readonly kind: 'truncate'; readonly length: number };

const DEFAULT_MODE: MetricsMode = { kind: 'truncate', length: 16 };
const NONE: MetricsMode = { kind: 'none' };
const DEFAULT_KEY = 'write.metadata.metrics.default';
const COLUMN_PREFIX = 'write.metadata.metrics.column.';
const LIMIT_KEY = 'write.metadata.metrics.max-inferred-column-defaults';
const DEFAULT_LIMIT = 100;

/**
 * The mode of every primitive column, by field id. Without an explicit default a table with more than 100 fields keeps
 * metrics of its first 100 primitive columns only; columns of the sort order have at least `truncate(16)`.
 * @throws IcestreamError INVALID_METADATA for a mode that does not exist.
 */
export function metricsModes(
  properties: Properties,
  schema: StructType,
  sortOrder?: SortOrder,
): ReadonlyMap<number, MetricsMode> {
  const { byPath, byId, fields } = schemaIndex(schema);
  const configured = ownValue(properties, DEFAULT_KEY);
  const limit = intProperty(properties, LIMIT_KEY, DEFAULT_LIMIT, 0, 2 ** 31 - 1);
  const limited = configured === undefined && fields.length > limit ? firstColumns(schema, limit) : null;
  const fallback = configured === undefined ? DEFAULT_MODE : parseMetricsMode(DEFAULT_KEY, configured);
  const others = limited === null ? fallback : NONE;
  const modes = new Map<number, MetricsMode>();
  for (const { id, type } of fields) {
    if (isLeaf(type)) modes.set(id, limited === null || limited.has(id) ? fallback : NONE);
  }
  for (const field of sortOrder?.fields ?? []) {
    const [id] = sourceIds(field);
    if (id === undefined || !preservesOrder(parseTransform(field.transform)) || !byId.has(id)) continue;
    modes.set(id, others.kind === 'none' || others.kind === 'counts' ? DEFAULT_MODE : others);
  }
  for (const column of columnsWithPrefix(properties, COLUMN_PREFIX)) {
    const key = COLUMN_PREFIX + column;
    const mode = parseMetricsMode(key, ownValue(properties, key) ?? '');
    const field = byPath.get(column);
    if (field !== undefined && modes.has(field.id)) modes.set(field.id, mode);
  }
  return modes;
}

/** Parses `none`, `counts`, `truncate(16)` or `full`, in any letter case. */
function parseMetricsMode(key: string, text: string): MetricsMode {
  const lower = text.trim().toLowerCase();
  if (lower === 'none' || lower === 'counts' || lower === 'full') return { kind: lower };
  const length = Number(/^truncate\((\d{1,9})\)$/.exec(lower)?.[1] ?? 0);
  if (length < 1) throw badProperty(key, text, 'none, counts, truncate(length) or full');
  return { kind: 'truncate', length };
}

/** The first primitive columns: those of a struct before those inside its fields. */
function firstColumns(schema: StructType, limit: number): Set<number> {
  const ids = new Set<number>();
  const add = (id: number, type: Type) => {
    if (ids.size < limit && isLeaf(type)) ids.add(id);
  };
  const visit = (type: Type): void => {
    if (typeof type === 'string' || ids.size >= limit) return;
    if (type.type === 'struct') {
      for (const field of type.fields) add(field.id, field.type);
      for (const field of type.fields) visit(field.type);
    } else if (type.type === 'list') {
      add(type['element-id'], type.element);
      visit(type.element);
    } else {
      add(type['key-id'], type.key);
      add(type['value-id'], type.value);
      visit(type.key);
      visit(type.value);
    }
  };
  visit(schema);
  return ids;
}

function isLeaf(type: Type): boolean {
  return typeof type === 'string';
}
