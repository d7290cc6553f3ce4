/** Arrow buffers of a column that has one value in every row. */
import type { ArrowType } from '../engine/arrow-schema.ts';
import { IcestreamError } from '../errors.ts';
import { arrowTypeName } from '../format/arrow-type-name.ts';
import type { SingleValue } from '../spec/types.ts';
import type { Bytes } from '../util/bytes.ts';
import { utf8 } from '../util/encoding.ts';

/** Buffers of a flat column: validity, offsets where values vary in length, values. */
export function bufferCount(type: ArrowType): number {
  return type.kind === 'utf8' || type.kind === 'binary' ? 3 : 2;
}

/** The buffers; validity is left empty, which says that there are no nulls. */
export function constantBuffers(type: ArrowType, value: SingleValue, rows: number): Bytes[] {
  const validity = new Uint8Array(0);
  if (type.kind === 'bool') {
    return [validity, new Uint8Array(Math.ceil(rows / 8)).fill(value === true ? 0xff : 0)];
  }
  const bytes = valueBytes(type, value);
  const values = repeated(bytes, rows);
  if (bufferCount(type) === 2) return [validity, values];
  const offsets = new Int32Array(rows + 1);
  for (let i = 1; i <= rows; i++) offsets[i] = i * bytes.length;
  return [validity, new Uint8Array(offsets.buffer), values];
}

function repeated(bytes: Uint8Array, rows: number): Bytes {
  const out = new Uint8Array(bytes.length * rows);
  for (let row = 0; row < rows; row++) out.set(bytes, row * bytes.length);
  return out;
}

/** One value as Arrow keeps it, little-endian. */
function valueBytes(type: ArrowType, value: SingleValue): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  const first = (length: number) => new Uint8Array(view.buffer, 0, length);
  if (typeof value === 'string' && type.kind === 'utf8') return utf8(value);
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'number') {
    if (type.kind === 'float') {
      if (type.bitWidth === 64) view.setFloat64(0, value, true);
      else view.setFloat32(0, value, true);
      return first(type.bitWidth / 8);
    }
    view.setInt32(0, value, true);
    return first(4);
  }
  if (typeof value === 'bigint') {
    view.setBigInt64(0, BigInt.asIntN(64, value), true);
    view.setBigInt64(8, BigInt.asIntN(64, value >> 64n), true);
    return first(type.kind === 'decimal' ? 16 : 8);
  }
  throw new IcestreamError('UNSUPPORTED', `a path cannot give a column of type ${arrowTypeName(type)}`);
}
