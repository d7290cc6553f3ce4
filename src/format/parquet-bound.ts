/** A bound of a Parquet footer (PLAIN bytes) as a value of the Iceberg type of its column. */
import type { ArrowType, TimeUnit } from '../engine/arrow-schema.ts';
import { parsePrimitive } from '../spec/type-parse.ts';
import type { PrimitiveType, SingleValue } from '../spec/types.ts';

export interface ParquetBound {
  readonly physicalType: string;
  readonly bytes: Uint8Array;
  readonly side: 'lower' | 'upper';
  /** The column's type in the file, where it may differ from what the table's type would be written as. */
  readonly fileType?: ArrowType;
}

/**
 * Null: these bytes give no usable bound (another kind of value, NaN, half a character, out of range). A bound may be
 * looser than the file's, never tighter.
 */
export function parquetBoundValue(bound: ParquetBound, type: PrimitiveType): SingleValue | null {
  const info = parsePrimitive(type);
  const { bytes } = bound;
  switch (info.kind) {
    case 'boolean':
      return bound.physicalType === 'BOOLEAN' && bytes.length >= 1 ? bytes[0] !== 0 : null;
    case 'int':
    case 'date':
      return bound.physicalType === 'INT32' ? asNumber(signedInteger(bound)) : null;
    case 'long':
      return signedInteger(bound);
    case 'float':
    case 'double':
      return floatBound(bound);
    case 'decimal':
      return decimalBound(bound, info.scale);
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return ticksBound(bound, 'us');
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return ticksBound(bound, 'ns');
    case 'string':
      return bound.physicalType === 'BYTE_ARRAY' ? textBound(bound) : null;
    case 'uuid':
      return bound.physicalType === 'FIXED_LEN_BYTE_ARRAY' && bytes.length === 16 ? bytes : null;
    case 'fixed':
      return bound.physicalType === 'FIXED_LEN_BYTE_ARRAY' && bytes.length <= info.length ? bytes : null;
    case 'binary':
      return bound.physicalType === 'BYTE_ARRAY' || bound.physicalType === 'FIXED_LEN_BYTE_ARRAY' ? bytes : null;
    default:
      return null;
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function signedInteger({ physicalType, bytes, fileType }: ParquetBound): bigint | null {
  if (fileType?.kind === 'int' && !fileType.signed && fileType.bitWidth >= 32) return null;
  if (physicalType === 'INT32' && bytes.length === 4) return BigInt(view(bytes).getInt32(0, true));
  if (physicalType === 'INT64' && bytes.length === 8) return view(bytes).getBigInt64(0, true);
  return null;
}

function asNumber(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}

/** Zero has two signs and a footer may hold either: the lower one below, the upper one above. */
function floatBound({ physicalType, bytes, side }: ParquetBound): number | null {
  let value: number;
  if (physicalType === 'FLOAT' && bytes.length === 4) value = view(bytes).getFloat32(0, true);
  else if (physicalType === 'DOUBLE' && bytes.length === 8) value = view(bytes).getFloat64(0, true);
  else return null;
  if (Number.isNaN(value)) return null;
  return value === 0 ? (side === 'lower' ? -0 : 0) : value;
}

function decimalBound(bound: ParquetBound, scale: number): bigint | null {
  const { fileType } = bound;
  if (fileType?.kind === 'decimal' && fileType.scale !== scale) return null;
  if (bound.physicalType === 'INT32' || bound.physicalType === 'INT64') return signedInteger(bound);
  const binary = bound.physicalType === 'FIXED_LEN_BYTE_ARRAY' || bound.physicalType === 'BYTE_ARRAY';
  return binary ? bigEndianSigned(bound.bytes) : null;
}

function bigEndianSigned(bytes: Uint8Array): bigint | null {
  if (bytes.length === 0 || bytes.length > 16) return null;
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, value);
}

const PER_SECOND: Readonly<Record<TimeUnit, bigint>> = { s: 1n, ms: 1_000n, us: 1_000_000n, ns: 1_000_000_000n };

/** Times and timestamps in the table's unit; where that is coarser, rounded away from the values. */
function ticksBound(bound: ParquetBound, unit: TimeUnit): bigint | null {
  const ticks = signedInteger(bound);
  if (ticks === null) return null;
  const { fileType } = bound;
  if (fileType === undefined) return ticks;
  if (fileType.kind !== 'time' && fileType.kind !== 'timestamp') return null;
  const from = PER_SECOND[fileType.unit];
  const to = PER_SECOND[unit];
  const scaled = to >= from ? ticks * (to / from) : floorDivide(ticks, from / to, bound.side === 'upper');
  return BigInt.asIntN(64, scaled) === scaled ? scaled : null;
}

function floorDivide(value: bigint, by: bigint, up: boolean): bigint {
  const quotient = value / by;
  const remainder = value % by;
  if (remainder === 0n) return quotient;
  if (up) return remainder > 0n ? quotient + 1n : quotient;
  return remainder < 0n ? quotient - 1n : quotient;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Some writers cut bounds inside a character: below, the whole characters are a bound still; above, nothing is. */
function textBound({ bytes, side }: ParquetBound): string | null {
  for (let cut = 0; cut <= 3 && cut <= bytes.length; cut++) {
    try {
      return decoder.decode(bytes.subarray(0, bytes.length - cut));
    } catch {
      if (side === 'upper') return null;
    }
  }
  return null;
}
