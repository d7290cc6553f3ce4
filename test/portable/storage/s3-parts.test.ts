import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PartBuffer } from '../../../src/storage/s3/part-buffer.ts';
import { PartPool } from '../../../src/storage/s3/part-pool.ts';
import { concatBytes } from '../../../src/util/encoding.ts';
import { pattern } from '../../conformance/store.ts';

describe('parts', () => {
  it('are the same however the bytes arrive', () => {
    const rule = fc.property(fc.array(fc.nat(50)), fc.integer({ min: 1, max: 40 }), (sizes, partSize) => {
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const bytes = pattern(total);
      const buffer = new PartBuffer(partSize);
      const parts: Uint8Array<ArrayBuffer>[] = [];
      let at = 0;
      for (const size of sizes) {
        buffer.push(bytes.slice(at, at + size));
        at += size;
        while (buffer.hasPart) parts.push(buffer.take((length) => new Uint8Array(length)));
        expect(buffer.size).toBe(at % partSize);
      }
      if (buffer.size > 0) parts.push(buffer.take((length) => new Uint8Array(length)));
      expect(concatBytes(parts)).toEqual(bytes);
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
    pool.leave();
    pool.enter();
    expect(pool.take(10)).not.toBe(buffer);
  });
});
