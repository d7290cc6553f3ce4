import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareUtf8, concatBytes, fromBase64, toBase64, toHex, utf8 } from '../../../src/util/encoding.ts';
import { Semaphore } from '../../../src/util/semaphore.ts';
import { isUuid, uuidV4, uuidV7, uuidV7Ms } from '../../../src/util/uuid.ts';
import { defaultWorld } from '../../../src/util/world.ts';

const world = { randomBytes: (n: number) => new Uint8Array(n).fill(0xff), now: () => 0x0123456789ab };

describe('encodings', () => {
  it('base64 comes back as it went', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => toHex(fromBase64(toBase64(bytes))) === toHex(bytes)),
    );
    expect(toBase64(new Uint8Array(20_000))).toHaveLength(26_668);
  });

  it('joins chunks', () => {
    expect(concatBytes([])).toEqual(new Uint8Array());
    expect(concatBytes([utf8('a'), utf8(''), utf8('bc')])).toEqual(utf8('abc'));
  });

  it('orders names as their UTF-8 bytes', () => {
    const byBytes = (a: string, b: string) => (toHex(utf8(a)) < toHex(utf8(b)) ? -1 : a === b ? 0 : 1);
    expect(compareUtf8('\u{1f600}', '\uffee')).toBeGreaterThan(0);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(byBytes(a, b));
      }),
    );
  });
});

describe('uuids', () => {
  it('carry version, variant and time', () => {
    expect(uuidV4(world)).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff');
    expect(uuidV7(world)).toBe('01234567-89ab-7fff-bfff-ffffffffffff');
    expect(uuidV7Ms(uuidV7(world))).toBe(0x0123456789ab);
    expect(uuidV7Ms(uuidV4(world))).toBeNull();
    expect(isUuid(uuidV4(defaultWorld))).toBe(true);
    expect(isUuid('no')).toBe(false);
    const before = Date.now();
    expect(uuidV7Ms(uuidV7())).toBeGreaterThanOrEqual(before);
    expect(uuidV7()).not.toBe(uuidV7());
  });
});

describe('a semaphore', () => {
  it('never gives more than its slots, and serves in order', async () => {
    const slots = new Semaphore(2);
    const [one, two] = [await slots.acquire(), await slots.acquire()];
    const order: number[] = [];
    const stop = new AbortController();
    const third = slots.acquire(stop.signal);
    const fourth = slots.acquire().then((give) => {
      order.push(4);
      return give;
    });
    stop.abort(new Error('gone'));
    await expect(third).rejects.toThrow('gone');
    expect(slots.taken).toBe(2);
    one();
    one();
    (await fourth)();
    two();
    expect(order).toEqual([4]);
    expect(slots.taken).toBe(0);
    expect(() => new Semaphore(0)).toThrow(RangeError);
  });

  it('gives slots by weight, all to what weighs more, and lets nobody overtake', async () => {
    const slots = new Semaphore(10);
    const order: string[] = [];
    const take = async (name: string, weight: number, signal?: AbortSignal) => {
      const give = await slots.acquire(signal, weight);
      order.push(name);
      return give;
    };
    const [one, two] = await Promise.all([take('four', 4), take('six', 6)]);
    const stop = new AbortController();
    const gone = take('gone', 9, stop.signal);
    const [large, small] = [take('large', 99), take('small', 1)];
    stop.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    one();
    expect(slots.taken).toBe(6);
    two();
    (await large)();
    (await small)();
    expect(order).toEqual(['four', 'six', 'large', 'small']);
    expect(slots.taken).toBe(0);
  });
});
