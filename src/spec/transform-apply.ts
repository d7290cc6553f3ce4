/** Partition transforms on single values (spec: Partition Transforms, Appendix B). Columns go through the engine. */
import { IcestreamError } from '../errors.ts';
import { utf8 } from '../util/encoding.ts';
import { murmur3 } from '../util/murmur3.ts';
import { firstCodePoints } from './code-points.ts';
import { floorDiv } from './date-time.ts';
import { minimalBigEndian } from './decimal.ts';
import { canApplyTransform, formatTransform, type TemporalTransform, type Transform } from './transform.ts';
import { parsePrimitive } from './type-parse.ts';
import type { PrimitiveType, SingleValue } from './types.ts';

/**
 * The partition value of a column value; null gives null.
 * @throws IcestreamError INVALID_ARGUMENT when the transform does not take the type.
 */
export function applyTransform(
  transform: Transform,
  type: PrimitiveType,
  value: SingleValue | null,
): SingleValue | null {
  if (transform.kind === 'unknown' || !canApplyTransform(transform, type)) {
    throw new IcestreamError('INVALID_ARGUMENT', `The transform ${formatTransform(transform)} does not take ${type}.`);
  }
  if (value === null || transform.kind === 'void') return null;
  switch (transform.kind) {
    case 'identity':
      return value;
    case 'bucket':
      return (hashValue(type, value) & 0x7fffffff) % transform.buckets;
    case 'truncate':
      return truncateValue(transform.width, value);
    default:
      return temporalValue(transform.kind, type, value);
  }
}

/** The 32-bit hash that `bucket` uses (Appendix B). */
export function hashValue(type: PrimitiveType, value: SingleValue): number {
  switch (parsePrimitive(type).kind) {
    case 'decimal':
      return murmur3(minimalBigEndian(value as bigint));
    // Nanoseconds hash as the microseconds they lie in, so that a column may be promoted.
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return hashLong(floorDiv(value as bigint, 1000n));
    case 'float':
    case 'double':
      return hashDouble(value as number);
    default:
      if (typeof value === 'string') return murmur3(utf8(value));
      if (value instanceof Uint8Array) return murmur3(value);
      return hashLong(BigInt(value));
  }
}

function hashLong(value: bigint): number {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value, true);
  return murmur3(bytes);
}

/** -0 hashes as 0. */
function hashDouble(value: number): number {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value === 0 ? 0 : value, true);
  return murmur3(bytes);
}

function truncateValue(width: number, value: SingleValue): SingleValue {
  if (typeof value === 'number') return value - (((value % width) + width) % width);
  if (typeof value === 'bigint') {
    const w = BigInt(width);
    return value - (((value % w) + w) % w);
  }
  return typeof value === 'string' ? firstCodePoints(value, width) : (value as Uint8Array).subarray(0, width);
}

function temporalValue(kind: TemporalTransform, type: PrimitiveType, value: SingleValue): number {
  if (typeof value === 'number') return kind === 'day' ? value : yearsOrMonths(kind, value);
  const perHour = type.endsWith('_ns') ? 3_600_000_000_000n : 3_600_000_000n;
  const hours = floorDiv(value as bigint, perHour);
  if (kind === 'hour') return Number(hours);
  const days = Number(floorDiv(hours, 24n));
  return kind === 'day' ? days : yearsOrMonths(kind, days);
}

function yearsOrMonths(kind: TemporalTransform, days: number): number {
  const { year, month } = civilFromDays(days);
  return kind === 'year' ? year - 1970 : (year - 1970) * 12 + month;
}

/** Year and month (0 to 11) of a day count, over the whole range of 32 bits, which `Date` does not cover. */
function civilFromDays(days: number): { readonly year: number; readonly month: number } {
  // Counted in eras of 400 years that begin on 1 March, so that the leap day is the last of its year.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = (marchMonth + 2) % 12;
  return { year: yearOfEra + era * 400 + (month <= 1 ? 1 : 0), month };
}
