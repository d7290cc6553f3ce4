import fc from 'fast-check';
import { expect, it } from 'vitest';
import { copyBytes } from '../../../src/engine/wasm/copy-bytes.ts';

const kinds = typeof SharedArrayBuffer === 'undefined' ? [ArrayBuffer] : [ArrayBuffer, SharedArrayBuffer];

it('copies the bytes and no others, wherever in a word both begin', () => {
  const place = fc.integer({ min: 0, max: 20 });
  const length = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 65_520, max: 200_000 }));
  fc.assert(
    fc.property(place, place, place, length, fc.constantFrom(...kinds), (start, offset, at, bytes, Kind) => {
      const from = Uint8Array.from({ length: start + bytes }, (_, i) => i % 251).subarray(start);
      const to = new Uint8Array(new Kind(offset + at + bytes + 9), offset).fill(255);
      copyBytes(from, to, at);
      const expected = new Uint8Array(to.length).fill(255);
      expected.set(from, at);
      expect(to.every((byte, i) => byte === expected[i])).toBe(true);
    }),
    { numRuns: 40 },
  );
});
