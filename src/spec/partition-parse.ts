/** Partition specs and sort orders from what people write: `month(date), bucket(16, id)`, `date desc nulls last`. */
import { IcestreamError } from '../errors.ts';
import { checkNewPartitionSpec } from './partition-new.ts';
import type { PartitionField, PartitionSpec } from './partition-spec.ts';
import { type IndexedField, requireField } from './schema-index.ts';
import type { SortField, SortOrder } from './sort-order.ts';
import { formatTransform, parseTransform, requireApplicable, type Transform } from './transform.ts';
import type { StructType } from './types.ts';

const NAMES: Readonly<Record<string, Transform['kind']>> = {
  identity: 'identity',
  bucket: 'bucket',
  truncate: 'truncate',
  trunc: 'truncate',
  year: 'year',
  years: 'year',
  month: 'month',
  months: 'month',
  day: 'day',
  days: 'day',
  date: 'day',
  hour: 'hour',
  hours: 'hour',
  void: 'void',
};
const SUFFIX: Readonly<Record<string, string>> = { bucket: '_bucket', truncate: '_trunc', void: '_null' };
const TEMPORAL: ReadonlySet<string> = new Set(['year', 'month', 'day', 'hour']);

/**
 * Reads a partitioning: a list of terms, or one text with commas between them. A term is a column, or `identity`,
 * `year`, `month`, `day`, `hour`, `void`, `bucket(N, column)`, `truncate(column, W)` of one; `as name` may follow. A
 * column with odd characters goes in double quotes. Names are Java's: `date_month`, `id_bucket`, `name_trunc`.
 * @returns A spec without ids: the table assigns them.
 * @throws IcestreamError INVALID_ARGUMENT naming the term, and the column or transform that is wrong.
 */
export function parsePartitioning(text: string | readonly string[], schema: StructType): PartitionSpec {
  const fields: PartitionField[] = [];
  const times = new Map<number, string>();
  for (const part of splitTerms(text)) {
    const { term, alias } = cutAlias(part);
    const { transform, source } = parseTerm(term, schema);
    requireApplicable(transform, source.type, source.path);
    if (TEMPORAL.has(transform.kind)) {
      const other = times.get(source.id);
      if (other !== undefined) {
        throw wrong(
          part,
          `${other} and ${transform.kind} of ${JSON.stringify(source.path)} are redundant; keep the finer`,
        );
      }
      times.set(source.id, transform.kind);
    }
    const name = alias ?? defaultPartitionName(transform, source.path);
    fields.push({ 'source-id': source.id, name, transform: formatTransform(transform) });
  }
  const spec = { fields };
  checkNewPartitionSpec(spec, schema);
  return spec;
}

/** The name Java gives a partition field. */
export function defaultPartitionName(transform: Transform, column: string): string {
  return transform.kind === 'identity' ? column : `${column}${SUFFIX[transform.kind] ?? `_${transform.kind}`}`;
}

/**
 * Reads a sort order: terms as in {@link parsePartitioning}, each with an optional `asc` or `desc` (default `asc`) and
 * `nulls first` or `nulls last` (default: first when ascending).
 */
export function parseSorting(text: string | readonly string[], schema: StructType): SortOrder {
  return {
    fields: splitTerms(text).map((part): SortField => {
      const match = /^(.*?)(?:\s+(asc|desc))?(?:\s+nulls\s+(first|last))?$/is.exec(part);
      const { transform, source } = parseTerm(match?.[1] ?? part, schema);
      requireApplicable(transform, source.type, source.path);
      const direction = match?.[2]?.toLowerCase() === 'desc' ? 'desc' : 'asc';
      const nulls = match?.[3]?.toLowerCase() ?? (direction === 'asc' ? 'first' : 'last');
      return {
        'source-id': source.id,
        transform: formatTransform(transform),
        direction,
        'null-order': nulls === 'first' ? 'nulls-first' : 'nulls-last',
      };
    }),
  };
}

function parseTerm(term: string, schema: StructType): { readonly transform: Transform; readonly source: IndexedField } {
  const call = /^([A-Za-z_]+)\s*\((.*)\)$/s.exec(term);
  if (call === null) return { transform: { kind: 'identity' }, source: requireField(schema, unquote(term)) };
  const [, name = '', inside = ''] = call;
  const lower = name.toLowerCase();
  const kind = Object.hasOwn(NAMES, lower) ? NAMES[lower] : undefined;
  const parts = splitTerms(inside);
  if (kind === undefined) {
    throw wrong(
      term,
      `there is no transform ${JSON.stringify(name)}; use ${[...new Set(Object.values(NAMES))].join(', ')}`,
    );
  }
  if (kind === 'bucket' || kind === 'truncate') {
    const number = parts.find((part) => /^\d+$/.test(part));
    const column = parts.find((part) => part !== number);
    const example = kind === 'bucket' ? 'bucket(16, id)' : 'truncate(name, 4)';
    if (parts.length !== 2 || number === undefined || column === undefined) {
      throw wrong(term, `it takes a number and a column, as in ${example}`);
    }
    const transform = parseTransform(`${kind}[${number}]`);
    if (transform.kind === 'unknown') throw wrong(term, `${number} must be 1 to 2147483647`);
    return { transform, source: requireField(schema, unquote(column)) };
  }
  const [column] = parts;
  if (parts.length !== 1 || column === undefined) throw wrong(term, `${name} takes one column`);
  return { transform: { kind } as Transform, source: requireField(schema, unquote(column)) };
}

/** Splits at commas that stand outside parentheses and quotes. */
function splitTerms(text: string | readonly string[]): string[] {
  if (typeof text !== 'string') return text.flatMap(splitTerms);
  const terms: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const c = text[i];
    if (c === '"') quoted = !quoted;
    else if (!quoted && c === '(') depth += 1;
    else if (!quoted && c === ')') depth -= 1;
    else if (c === undefined || (c === ',' && depth === 0 && !quoted)) {
      terms.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  if (quoted || depth !== 0) throw wrong(text, 'a quote or parenthesis is not closed');
  if (terms.length === 1 && terms[0] === '') return [];
  if (terms.includes('')) throw wrong(text, 'there is nothing between two commas');
  return terms;
}

function cutAlias(part: string): { readonly term: string; readonly alias: string | null } {
  const match = /^(.*?)\s+as\s+("(?:[^"]|"")+"|[^\s"()]+)$/is.exec(part);
  if (match === null) return { term: part, alias: null };
  return { term: match[1] ?? part, alias: unquote(match[2] ?? '') };
}

function unquote(text: string): string {
  return /^"(.*)"$/s.test(text) ? text.slice(1, -1).replaceAll('""', '"') : text;
}

function wrong(term: string, why: string): IcestreamError {
  return new IcestreamError('INVALID_ARGUMENT', `Cannot read ${JSON.stringify(term)}: ${why}.`);
}
