/** xxHash32: a checksum for bytes that are on their way only shortly; many times as fast as a CRC in JavaScript. */
import type { Bytes } from './bytes.ts';
import { bytesIn, concatBytes } from './encoding.ts';

const P1 = 0x9e3779b1 | 0;
const P2 = 0x85ebca77 | 0;
const P3 = 0xc2b2ae3d | 0;
const P4 = 0x27d4eb2f | 0;
const P5 = 0x165667b1 | 0;

const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Unsigned 32-bit checksum of `pieces`, one after the other, with seed 0. */
export function xxhash32(...pieces: readonly Bytes[]): number {
  // Lanes take 16 bytes at a time.
  const even = pieces.slice(0, -1).every(({ length }) => length % 16 === 0);
  const inTurn = even ? pieces : [concatBytes(pieces)];
  const length = bytesIn(inTurn);
  let a = (P1 + P2) | 0;
  let b = P2;
  let c = 0;
  let d = -P1 | 0;
  let rest: Bytes = new Uint8Array();
  for (const piece of inTurn) {
    const words = wordsOf(piece);
    const end = (piece.length >>> 4) << 2;
    for (let at = 0; at < end; at += 4) {
      a = round(a, words[at] as number);
      b = round(b, words[at + 1] as number);
      c = round(c, words[at + 2] as number);
      d = round(d, words[at + 3] as number);
    }
    rest = piece.subarray(end * 4);
  }
  let hash = length < 16 ? P5 : (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  hash = (hash + length) | 0;
  const words = wordsOf(rest);
  for (const word of words) hash = Math.imul(rotate((hash + Math.imul(word, P3)) | 0, 17), P4);
  for (const byte of rest.subarray(words.length * 4)) {
    hash = Math.imul(rotate((hash + Math.imul(byte, P5)) | 0, 11), P1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), P2);
  hash = Math.imul(hash ^ (hash >>> 13), P3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function round(lane: number, word: number): number {
  return Math.imul(rotate((lane + Math.imul(word, P2)) | 0, 13), P1);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** The whole words of `bytes`, little-endian. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const count = bytes.length >>> 2;
  if (littleEndian && bytes.byteOffset % 4 === 0) return new Int32Array(bytes.buffer, bytes.byteOffset, count);
  if (littleEndian) return new Int32Array(Uint8Array.from(bytes.subarray(0, count * 4)).buffer);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: count }, (_, at) => view.getInt32(at * 4, true));
}
