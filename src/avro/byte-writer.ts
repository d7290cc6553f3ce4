/** Writes Avro's binary encoding into a buffer that grows. */
import type { Bytes } from '../util/bytes.ts';

const utf8 = new TextEncoder();
const MASK_64 = (1n << 64n) - 1n;

export class ByteWriter {
  #bytes: Bytes;
  #view: DataView<ArrayBuffer>;
  #length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** A copy of what was written; the buffer is empty afterwards. */
  take(): Bytes {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  boolean(value: boolean): void {
    this.#room(1);
    this.#bytes[this.#length++] = value ? 1 : 0;
  }

  /** Zig-zag varint; `int` and `long` share the encoding. */
  int(value: number): void {
    let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
    this.#room(5);
    while (zigzag > 0x7f) {
      this.#bytes[this.#length++] = (zigzag & 0x7f) | 0x80;
      zigzag >>>= 7;
    }
    this.#bytes[this.#length++] = zigzag;
  }

  long(value: bigint): void {
    if (value >= -0x40000000n && value < 0x40000000n) {
      this.int(Number(value));
      return;
    }
    let zigzag = ((value << 1n) ^ (value >> 63n)) & MASK_64;
    this.#room(10);
    while (zigzag > 0x7fn) {
      this.#bytes[this.#length++] = Number(zigzag & 0x7fn) | 0x80;
      zigzag >>= 7n;
    }
    this.#bytes[this.#length++] = Number(zigzag);
  }

  float(value: number): void {
    this.#room(4);
    this.#view.setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  double(value: number): void {
    this.#room(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** Bytes without a length. */
  fixed(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  blob(value: Uint8Array): void {
    this.int(value.length);
    this.fixed(value);
  }

  string(value: string): void {
    this.blob(utf8.encode(value));
  }

  #room(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
