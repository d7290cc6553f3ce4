/** Partition values in paths as Hive and Spark write them: `…/day=2026-11-01/region=eu%2Fwest/part-0.parquet`. */
import { IcestreamError } from '../errors.ts';
import { parseDate, parseTimestamp } from '../spec/date-time.ts';
import { singleValueFromJson } from '../spec/single-value-json.ts';
import type { Transform } from '../spec/transform.ts';
import { parsePrimitive } from '../spec/type-parse.ts';
import type { PrimitiveType, SingleValue } from '../spec/types.ts';

/** What stands in a path for null. */
export const HIVE_NULL = '__HIVE_DEFAULT_PARTITION__';

/**
 * Names and values of a location's `name=value` folders, percent-decoded (`+` is itself), in order; a null value is
 * null. The file's own name does not count.
 * @throws IcestreamError INVALID_VALUE for broken percent-encoding or a name that occurs twice.
 */
export function hivePathValues(location: string): ReadonlyMap<string, string | null> {
  const values = new Map<string, string | null>();
  for (const segment of location.split('/').slice(0, -1)) {
    const equals = segment.indexOf('=');
    if (equals <= 0) continue;
    const name = decoded(segment.slice(0, equals), location);
    const value = decoded(segment.slice(equals + 1), location);
    if (values.has(name))
      throw new IcestreamError('INVALID_VALUE', `${location}: the path has ${name}= twice`, {
        file: location,
        column: name,
      });
    values.set(name, value === HIVE_NULL ? null : value);
  }
  return values;
}

function decoded(text: string, location: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new IcestreamError('INVALID_VALUE', `${location}: ${JSON.stringify(text)} is not valid percent-encoding`, {
      file: location,
      cause,
    });
  }
}

/** A value of a column from its text in a path; undefined: not a text of this type. */
export function valueFromText(type: PrimitiveType, text: string): SingleValue | undefined {
  const info = parsePrimitive(type);
  switch (info.kind) {
    case 'boolean':
      return /^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : undefined;
    case 'int':
    case 'long': {
      if (!/^[+-]?\d{1,30}$/.test(text)) return undefined;
      const value = BigInt(text.replace(/^\+/, ''));
      if (info.kind === 'long') return BigInt.asIntN(64, value) === value ? value : undefined;
      return BigInt.asIntN(32, value) === value ? Number(value) : undefined;
    }
    case 'float':
    case 'double':
      return floatFromText(text);
    case 'timestamp':
    case 'timestamp_ns':
    case 'timestamptz':
    case 'timestamptz_ns':
      return timestampFromText(type, text);
    case 'string':
      return text;
    default:
      try {
        return singleValueFromJson(type, text) ?? undefined;
      } catch {
        return undefined;
      }
  }
}

/** The partition value that a path's text stands for, as Iceberg spells transforms' results; undefined: none. */
export function partitionValueFromText(
  transform: Transform,
  source: PrimitiveType,
  text: string,
): SingleValue | undefined {
  switch (transform.kind) {
    case 'identity':
    case 'truncate':
      return valueFromText(source, text);
    case 'bucket':
      return valueFromText('int', text);
    case 'year':
      return ordinal(/^(-?\d{4,})$/.exec(text), ([year = 0]) => year - 1970);
    case 'month':
      return ordinal(
        /^(-?\d{4,})-(0[1-9]|1[0-2])$/.exec(text),
        ([year = 0, month = 0]) => (year - 1970) * 12 + month - 1,
      );
    case 'day':
      return parseDate(text) ?? undefined;
    case 'hour': {
      const match = /^(-?\d{4,}-\d{2}-\d{2})-([01]\d|2[0-3])$/.exec(text);
      const day = match === null ? null : parseDate(match[1] ?? '');
      return day === null ? undefined : day * 24 + Number(match?.[2]);
    }
    default:
      return undefined;
  }
}

function ordinal(match: RegExpExecArray | null, compute: (numbers: readonly number[]) => number): number | undefined {
  return match === null ? undefined : compute(match.slice(1).map(Number));
}

function floatFromText(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  const special = /^([+-]?)(nan|inf|infinity)$/i.exec(text);
  if (special === null) return undefined;
  if (special[2]?.toLowerCase() === 'nan') return Number.NaN;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Spark writes `2026-11-01 12:30:00` for both kinds; without a zone an instant is taken as UTC. */
function timestampFromText(type: PrimitiveType, text: string): SingleValue | undefined {
  const resolution = type.endsWith('_ns') ? 'ns' : 'us';
  const zoned = type.startsWith('timestamptz');
  const full = /^[^Tt ]*$/.test(text) ? `${text}T00:00:00` : text;
  const value = zoned
    ? (parseTimestamp(full, resolution, 'required') ?? parseTimestamp(full, resolution, 'none'))
    : parseTimestamp(full, resolution, 'none');
  return value ?? undefined;
}
