import { describe, expect, it } from 'vitest';
import { MemoryBudget, MemoryLease } from '../../../src/util/memory-budget.ts';

describe('a memory budget', () => {
  it('serves those who wait in the order they came, small ones too', async () => {
    const budget = new MemoryBudget(100);
    const first = await budget.acquire(80);
    const order: string[] = [];
    const large = budget.acquire(90).then((lease) => {
      order.push('large');
      return lease;
    });
    const small = budget.acquire(10).then((lease) => {
      order.push('small');
      return lease;
    });
    await Promise.resolve();
    expect(order).toEqual([]);
    expect(budget.tryAcquire(10)).toBeNull();
    first.release();
    const leases = await Promise.all([large, small]);
    expect(order).toEqual(['large', 'small']);
    expect(budget.leasedBytes).toBe(100);
    for (const lease of leases) lease.release();
    expect(budget.leasedBytes).toBe(0);
  });

  it('lets nobody in between a release and the one it wakes', async () => {
    const budget = new MemoryBudget(100);
    const first = await budget.acquire(100);
    const waiting = budget.acquire(100);
    first.release();
    expect(budget.tryAcquire(1)).toBeNull();
    (await waiting).release();
  });

  it('gives the place of one who gave up to the next', async () => {
    const budget = new MemoryBudget(100);
    const held = await budget.acquire(50);
    const stop = new AbortController();
    const large = budget.acquire(100, stop.signal);
    const small = budget.acquire(20);
    stop.abort(new Error('enough'));
    await expect(large).rejects.toThrow('enough');
    expect((await small).limitBytes).toBe(20);
    held.release();
  });

  it('refuses what it can never grant, and counts a second release once', async () => {
    const budget = new MemoryBudget(100);
    await expect(budget.acquire(101)).rejects.toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL' });
    const lease = await budget.acquire(60);
    lease.release();
    lease.release();
    expect(budget.leasedBytes).toBe(0);
  });
});

describe('a lease', () => {
  it('keeps its total, its peak and its limit', () => {
    const lease = new MemoryBudget(100).tryAcquire(100);
    if (lease === null) throw new Error('no lease');
    lease.charge('rows', 60);
    lease.charge('rows', -50);
    lease.set('parts', 30);
    lease.set('parts', 20);
    expect([lease.usedBytes, lease.peakBytes]).toEqual([30, 60]);
    expect(lease.usage()).toEqual({ rows: 10, parts: 20 });
    expect(() => lease.charge('engine', 71)).toThrow(/at least 101/);
    expect(lease.usedBytes).toBe(30);
  });

  it('refuses a charge over a lease with the limit that would do, of which the lease may be one share of several', () => {
    const whole = new MemoryLease(100);
    const share = new MemoryLease(100, undefined, 3);
    for (const [lease, neededBytes] of [
      [whole, 150],
      [share, 450],
    ] as const) {
      lease.charge('rows', 50);
      const refusal = { code: 'MEMORY_LIMIT_TOO_SMALL', place: { option: 'memoryLimitBytes', neededBytes } };
      expect(() => lease.charge('source', 100)).toThrow(expect.objectContaining(refusal));
      expect(() => lease.charge('source', 100)).toThrow(`at least ${neededBytes}`);
      expect(lease.usedBytes).toBe(50);
    }
  });
});
