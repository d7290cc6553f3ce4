import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PartBuffer } from '../../../src/storage/parts/part-buffer.ts';
import { BLOCK_BYTES, PartPool } from '../../../src/storage/parts/part-pool.ts';
import { concatBytes } from '../../../src/util/encoding.ts';
import { pattern } from '../../conformance/store.ts';

describe('parts', () => {
  it('are the same however the bytes arrive', () => {
    const rule = fc.property(fc.array(fc.nat(20_000)), fc.integer({ min: 1, max: 30_000 }), (sizes, partSize) => {
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const bytes = pattern(total);
      const pool = new PartPool();
      pool.enter();
      const buffer = new PartBuffer(partSize, pool);
      const parts: Uint8Array<ArrayBuffer>[] = [];
      let at = 0;
      for (const size of sizes) {
        buffer.push(bytes.slice(at, at + size));
        at += size;
        while (buffer.hasPart) parts.push(buffer.take((length) => new Uint8Array(length)));
        expect(buffer.size).toBe(at % partSize);
        expect(buffer.heldBytes).toBeLessThan(buffer.size + 2 * BLOCK_BYTES);
      }
      if (buffer.size > 0) parts.push(buffer.take((length) => new Uint8Array(length)));
      expect(same(concatBytes(parts), bytes)).toBe(true);
      expect(buffer.heldBytes).toBe(0);
      expect(parts.slice(0, -1).every((part) => part.length === partSize)).toBe(true);
    });
    fc.assert(rule);
  });

  it('reuse buffers of their size while somebody uploads, and no longer', () => {
    const pool = new PartPool();
    pool.enter();
    const buffer = pool.take(10);
    pool.give(buffer);
    expect(pool.take(11)).not.toBe(buffer);
    expect(pool.take(10)).toBe(buffer);
    expect(pool.take(10)).not.toBe(buffer);
    pool.give(buffer);
    const block = pool.takeBlock();
    pool.giveBlock(block);
    expect(pool.takeBlock()).toBe(block);
    pool.giveBlock(block);
    const late = pool.take(10);
    pool.leave();
    // A request that was given up may end after its upload.
    pool.give(late);
    if ('transfer' in ArrayBuffer.prototype) {
      expect([buffer, block, late].map((bytes) => bytes.buffer.byteLength)).toEqual([0, 0, 0]);
    }
    pool.enter();
    expect([pool.take(10).length, pool.takeBlock().length]).toEqual([10, BLOCK_BYTES]);
  });

  it('take bytes over: what was all of its buffer is given back, a view of more is left alone', () => {
    const pool = new PartPool();
    const buffer = new PartBuffer(10, pool);
    const [whole, larger] = [pattern(6), pattern(8)];
    buffer.push(whole);
    buffer.push(larger.subarray(2));
    expect(larger).toEqual(pattern(8));
    if ('transfer' in ArrayBuffer.prototype) expect(whole.length).toBe(0);
    expect(buffer.take((size) => new Uint8Array(size))).toEqual(concatBytes([pattern(6), pattern(8).subarray(2, 6)]));
  });
});

/** Faster than a deep comparison. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
