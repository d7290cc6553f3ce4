import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpareBuffers } from '../../../src/engine/threads/spare-buffers.ts';

describe('spare buffers', () => {
  it('give a buffer again once it is back, to what fits in it', () => {
    const spare = new SpareBuffers();
    const first = spare.take(100_000);
    expect([first.length, spare.bytes]).toEqual([100_000, 0]);
    spare.give([first.buffer]);
    expect(spare.bytes).toBe(131_072);
    const second = spare.take(131_072);
    expect(second.buffer).toBe(first.buffer);
    expect([second.length, spare.bytes]).toEqual([131_072, 0]);
  });

  it('are never more than were out at once, however sizes grow', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.integer({ min: 0, max: 1 << 20 }), { maxLength: 6 })), (rounds) => {
        const spare = new SpareBuffers();
        let most = 0;
        for (const sizes of rounds) {
          const taken = sizes.map((bytes) => spare.take(bytes));
          expect(taken.map((bytes) => bytes.length)).toEqual(sizes);
          expect(new Set(taken.map((bytes) => bytes.buffer)).size).toBe(sizes.length);
          spare.give(taken.map((bytes) => bytes.buffer));
          most = Math.max(most, sizes.length);
          // 6 MiB and a grain each at most: nothing piles up.
          expect(spare.bytes).toBeLessThanOrEqual(Math.max(most, 1) * ((1 << 20) + 65_536));
        }
      }),
    );
  });
});
