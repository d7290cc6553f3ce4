/** Binary single-value serialisation, which bounds and partition summaries use (spec: Appendix D). */
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { utf8 } from '../util/encoding.ts';
import { fromBigEndian, minimalBigEndian } from './decimal.ts';
import { parsePrimitive } from './type-parse.ts';
import type { PrimitiveType, SingleValue } from './types.ts';

/**
 * The bytes of a value.
 * @throws IcestreamError INVALID_ARGUMENT when the value is not of the type, or the type has no such form.
 */
export function singleValueToBytes(type: PrimitiveType, value: SingleValue): Bytes {
  const { kind } = parsePrimitive(type);
  switch (kind) {
    case 'boolean':
      if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0);
      break;
    case 'int':
    case 'date':
      if (typeof value === 'number') return fixedBytes(4, (view) => view.setInt32(0, value, true));
      break;
    case 'float':
      if (typeof value === 'number') return fixedBytes(4, (view) => view.setFloat32(0, value, true));
      break;
    case 'double':
      if (typeof value === 'number') return fixedBytes(8, (view) => view.setFloat64(0, value, true));
      break;
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      if (typeof value === 'bigint') return fixedBytes(8, (view) => view.setBigInt64(0, value, true));
      break;
    case 'decimal':
      if (typeof value === 'bigint') return minimalBigEndian(value);
      break;
    case 'string':
      if (typeof value === 'string') return utf8(value);
      break;
    case 'uuid':
    case 'fixed':
    case 'binary':
      if (value instanceof Uint8Array) return Uint8Array.from(value);
      break;
    default:
      throw new IcestreamError('INVALID_ARGUMENT', `Type ${type} has no single-value form.`);
  }
  throw new IcestreamError('INVALID_ARGUMENT', `A value of type ${typeof value} is not a ${type}.`);
}

/**
 * The value of bytes. Bounds keep the type they were written with: 4 bytes under `long`, `double` or a timestamp were
 * an int, a float or a date (spec: Schema Evolution).
 * @returns null when the bytes cannot be a value of the type: such a bound is as good as none.
 */
export function singleValueFromBytes(type: PrimitiveType, bytes: Uint8Array): SingleValue | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { kind } = parsePrimitive(type);
  switch (kind) {
    case 'boolean':
      return bytes.length === 1 ? bytes[0] !== 0 : null;
    case 'int':
    case 'date':
      return bytes.length === 4 ? view.getInt32(0, true) : null;
    case 'float':
      return bytes.length === 4 ? view.getFloat32(0, true) : null;
    case 'double':
      if (bytes.length === 4) return view.getFloat32(0, true);
      return bytes.length === 8 ? view.getFloat64(0, true) : null;
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      if (bytes.length === 8) return view.getBigInt64(0, true);
      return bytes.length === 4 ? widened(kind, view.getInt32(0, true)) : null;
    case 'decimal':
      return bytes.length >= 1 && bytes.length <= 16 ? fromBigEndian(bytes) : null;
    case 'string':
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    case 'uuid':
      return bytes.length === 16 ? bytes : null;
    case 'fixed':
    case 'binary':
      return bytes;
    default:
      return null;
  }
}

function widened(kind: string, value: number): bigint | null {
  if (kind === 'long') return BigInt(value);
  if (kind === 'timestamp') return BigInt(value) * 86_400_000_000n;
  return kind === 'timestamp_ns' ? BigInt(value) * 86_400_000_000_000n : null;
}

function fixedBytes(size: number, write: (view: DataView) => void): Bytes {
  const bytes = new Uint8Array(size);
  write(new DataView(bytes.buffer));
  return bytes;
}
