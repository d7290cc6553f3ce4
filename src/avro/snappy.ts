/** Reads Snappy's raw format, as Avro frames it: the data, then its CRC-32 in big-endian (format_description.txt). */
import type { Bytes } from '../util/bytes.ts';
import { crc32 } from '../util/crc32.ts';
import { corrupt } from './byte-reader.ts';

const CHECKSUM_BYTES = 4;

/** @throws IcestreamError INVALID_METADATA for damaged data or more than `maxBytes` of output. */
export function unsnap(framed: Bytes, maxBytes: number): Bytes {
  const end = framed.length - CHECKSUM_BYTES;
  if (end < 1) throw corrupt('a snappy block is too short');
  const output = decompress(framed.subarray(0, end), maxBytes);
  const expected = new DataView(framed.buffer, framed.byteOffset + end, CHECKSUM_BYTES).getUint32(0);
  if (crc32(output) !== expected) throw corrupt('the checksum of a snappy block is wrong');
  return output;
}

function decompress(input: Uint8Array, maxBytes: number): Bytes {
  const { value: size, next } = varint(input);
  // A three-byte copy gives 64 bytes at most, so this bounds the size by the input too.
  if (size > maxBytes || size > input.length * 64) throw corrupt('a snappy block is too large when uncompressed');
  const output = new Uint8Array(size);
  let at = next;
  let length = 0;
  while (at < input.length) {
    const tag = input[at++] ?? 0;
    if ((tag & 3) === 0) {
      const extra = Math.max(0, (tag >>> 2) - 59);
      const count = extra === 0 ? (tag >>> 2) + 1 : littleEndian(input, at, extra) + 1;
      at += extra;
      if (count > input.length - at || count > size - length) throw corrupt('a snappy literal is too long');
      output.set(input.subarray(at, at + count), length);
      at += count;
      length += count;
      continue;
    }
    const kind = tag & 3;
    const count = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const width = kind === 1 ? 1 : kind === 2 ? 2 : 4;
    const low = littleEndian(input, at, width);
    const offset = kind === 1 ? ((tag >>> 5) << 8) | low : low;
    at += width;
    if (offset === 0 || offset > length || count > size - length) throw corrupt('a snappy copy points outside');
    // Byte by byte: source and target may overlap, which repeats a pattern.
    for (const stop = length + count; length < stop; length++) output[length] = output[length - offset] ?? 0;
  }
  if (length !== size) throw corrupt('a snappy block is shorter than it says');
  return output;
}

function littleEndian(input: Uint8Array, at: number, width: number): number {
  if (at + width > input.length) throw corrupt('a snappy block ends too early');
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + (input[at + i] ?? 0);
  return value;
}

function varint(input: Uint8Array): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = input[i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, next: i + 1 };
  }
  throw corrupt('a snappy block has no size');
}
