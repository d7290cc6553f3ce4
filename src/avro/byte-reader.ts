/** Reads Avro's binary encoding from bytes; every length is checked against what is left before anything is made. */
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** Strings this short and plain are built by hand: a TextDecoder call costs more. */
const SHORT_STRING = 16;

export class ByteReader {
  readonly bytes: Uint8Array;
  position = 0;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  boolean(): boolean {
    this.#need(1);
    const byte = this.bytes[this.position++];
    if (byte !== 0 && byte !== 1) throw corrupt('a boolean is neither 0 nor 1');
    return byte === 1;
  }

  /** Zig-zag varint of 32 bits. */
  int(): number {
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.position++];
      if (byte === undefined) throw corrupt('it ends inside a number');
      if (shift === 28 && byte > 0x0f) break;
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (result >>> 1) ^ -(result & 1);
    }
    throw corrupt('a number has more than 32 bits');
  }

  /** Zig-zag varint of 64 bits. */
  long(): bigint {
    // The low and high halves as plain numbers: bigint arithmetic per byte would be slow.
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bytes[this.position++];
      if (byte === undefined) throw corrupt('it ends inside a number');
      if (shift === 63 && byte > 1) break;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        const zigzag = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
        return (zigzag >> 1n) ^ -(zigzag & 1n);
      }
    }
    throw corrupt('a number has more than 64 bits');
  }

  /** A long that counts something: not negative and small enough for memory. */
  length(): number {
    const first = this.bytes[this.position];
    if (first !== undefined && first < 0x80 && (first & 1) === 0) {
      this.position++;
      if (first >>> 1 > this.remaining) throw corrupt('a length is larger than the data');
      return first >>> 1;
    }
    const value = this.long();
    if (value < 0n || value > BigInt(this.remaining)) throw corrupt('a length is larger than the data');
    return Number(value);
  }

  float(): number {
    this.#need(4);
    this.position += 4;
    return this.#view.getFloat32(this.position - 4, true);
  }

  double(): number {
    this.#need(8);
    this.position += 8;
    return this.#view.getFloat64(this.position - 8, true);
  }

  /** A copy: what is kept must not hold the whole block in memory. */
  fixed(size: number): Bytes {
    this.#need(size);
    this.position += size;
    return this.bytes.slice(this.position - size, this.position) as Bytes;
  }

  skip(size: number): void {
    this.#need(size);
    this.position += size;
  }

  blob(): Bytes {
    return this.fixed(this.length());
  }

  string(): string {
    const size = this.length();
    const start = this.position;
    this.position += size;
    if (size <= SHORT_STRING) {
      let text = '';
      for (let i = start; i < this.position; i++) {
        const byte = this.bytes[i] ?? 0;
        if (byte >= 0x80) return decode(this.bytes.subarray(start, this.position));
        text += String.fromCharCode(byte);
      }
      return text;
    }
    return decode(this.bytes.subarray(start, this.position));
  }

  #need(size: number): void {
    if (size > this.remaining) throw corrupt('it ends inside a value');
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw corrupt('a string is not UTF-8');
  }
}

export function corrupt(why: string): IcestreamError {
  return new IcestreamError('INVALID_METADATA', `An Avro file is damaged: ${why}.`);
}
