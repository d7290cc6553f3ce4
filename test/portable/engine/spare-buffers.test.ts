import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpareBuffers } from '../../../src/engine/threads/spare-buffers.ts';

describe('spare buffers', () => {
  it('give a buffer again once it is back, to what fits in it', () => {
    const spare = new SpareBuffers();
    const first = spare.take(100_000);
    expect([first.length, spare.bytes]).toEqual([100_000, 0]);
    spare.give(first.buffer);
    expect(spare.bytes).toBe(131_072);
    const second = spare.take(131_072);
    expect(second.buffer).toBe(first.buffer);
    expect([second.length, spare.bytes]).toEqual([131_072, 0]);
  });

  it('serve what is a little larger, too', () => {
    const spare = new SpareBuffers();
    const first = spare.take(14_800_000);
    spare.give(first.buffer);
    expect(spare.take(15_300_000).buffer).toBe(first.buffer);
  });

  it('serve the next write while they are there', () => {
    const earlier = new SpareBuffers();
    const sent = earlier.take(200_000);
    earlier.give(sent.buffer);
    earlier.leave();
    expect(earlier.bytes).toBe(0);
    const [first, second] = [new SpareBuffers(), new SpareBuffers()];
    expect(first.take(100_000).buffer).not.toBe(sent.buffer); // larger than it needs
    expect(first.take(200_000).buffer).toBe(sent.buffer);
    expect(second.take(200_000).buffer).not.toBe(sent.buffer); // it is in use
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
          for (const { buffer } of taken) spare.give(buffer);
          most = Math.max(most, sizes.length);
          // 6 MiB and a grain each at most: nothing piles up.
          expect(spare.bytes).toBeLessThanOrEqual(Math.max(most, 1) * ((1 << 20) + 65_536));
        }
      }),
    );
  });
});
