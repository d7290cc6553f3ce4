import { expect, test } from 'vitest';
import { utf8 } from '../../../src/util/encoding.ts';
import { xxhash32 } from '../../../src/util/xxhash32.ts';

// Of the reference implementation (Cyan4973/xxHash), seed 0.
test.each([
  ['', 0x02cc5d05],
  ['a', 0x550d7456],
  ['abc', 0x32d153ff],
  ['Nobody inspects the spammish repetition', 0xe2293b2f],
])('%s', (text, hash) => {
  expect(xxhash32(utf8(text))).toBe(hash);
});

test('the place of the bytes in their buffer does not matter', () => {
  const bytes = Uint8Array.from({ length: 1003 }, (_, at) => (at * 31) & 0xff);
  const hash = xxhash32(bytes);
  for (const shift of [1, 2, 3, 4]) {
    const moved = new Uint8Array(bytes.length + shift);
    moved.set(bytes, shift);
    expect(xxhash32(moved.subarray(shift))).toBe(hash);
  }
});

test('of pieces it is that of the whole', () => {
  const bytes = Uint8Array.from({ length: 203 }, (_, at) => (at * 31) & 0xff);
  for (const cut of [0, 1, 16, 24, 160, 199, 203]) {
    expect(xxhash32(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(xxhash32(bytes));
  }
});

test('a changed bit changes it', () => {
  const bytes = new Uint8Array(100);
  const hash = xxhash32(bytes);
  for (let bit = 0; bit < 800; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3] = 1 << (bit & 7);
    expect(xxhash32(changed)).not.toBe(hash);
  }
});
