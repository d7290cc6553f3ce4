/**
 * What every store must do; each calls this with a way to open one on an empty place. Runs wherever vitest runs.
 */
import { describe, expect, it } from 'vitest';
import type { ObjectStat, PutCondition, Store } from '../../src/storage/store.ts';
import type { Bytes } from '../../src/util/bytes.ts';
import { compareUtf8, concatBytes, utf8 } from '../../src/util/encoding.ts';
import { Semaphore } from '../../src/util/semaphore.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** An empty place, without a slash at its end. */
  readonly base: string;
  /** A location of another store. */
  readonly foreign: string;
  /** What unfinished uploads hold in the place now: temporary files, open multipart uploads. */
  readonly unfinished?: () => Promise<readonly string[]>;
}

/** Object names that are legal and easily mangled. */
const ODD_NAMES = [
  'a b',
  'a+b',
  'a%2Bb',
  'a%20b',
  '100%',
  'day=2026-11-21/hour=03',
  'ünïcode-日本',
  'emoji-\u{1f9ca}',
  'quote\'"&<>',
  'a?b#c;d,e@f:g!h$i(j)*k[l]{m}|n^o`p~q',
  '...',
  '.hidden',
  'trailing.',
];

export function storeConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name}: a store`, () => {
    objects(open);
    conditions(open);
    listing(open);
  });
  describe(`${name}: an upload`, () => {
    uploads(open);
  });
}

function objects(open: () => Promise<StoreUnderTest>): void {
  it('gives back what was put, whole and in ranges', async () => {
    const { store, base } = await open();
    const location = `${base}/ranges`;
    const put = await store.put(location, utf8('0123456789'));
    expect(put).toMatchObject({ location, sizeBytes: 10 });
    expect(text(await store.read(location))).toBe('0123456789');
    expect(text(await store.read(location, { start: 2, end: 5 }))).toBe('234');
    expect(text(await store.read(location, { start: 7 }))).toBe('789');
    expect(text(await store.read(location, { start: 8, end: 100 }))).toBe('89');
    expect(text(await store.read(location, { start: 3, end: 3 }))).toBe('');
    expect(text(await store.read(location, { start: 10 }))).toBe('');
    expect(text(await store.read(location, { start: 10, end: 12 }))).toBe('');
    expect(text(await store.read(location, { start: 50, end: 60 }))).toBe('');
    for (const range of [{ start: -1 }, { start: 5, end: 4 }, { start: 0.5 }]) {
      await expect(store.read(location, range)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });

  it('streams from any byte, and lets go when the reader does', async () => {
    const { store, base } = await open();
    const location = `${base}/streamed`;
    const bytes = pattern(700_001);
    await store.put(location, bytes);
    expect(same(await collect(await store.stream(location)), bytes)).toBe(true);
    expect(await collect(await store.stream(location, 699_990))).toEqual(bytes.slice(699_990));
    expect(await collect(await store.stream(location, 800_000))).toHaveLength(0);
    const reader = (await store.stream(location)).getReader();
    expect((await reader.read()).done).toBe(false);
    await reader.cancel();
  });

  it('reads an object again and again through a reader, where it has one', async () => {
    const { store, base, foreign } = await open();
    if (store.openReader === undefined) return;
    const location = `${base}/opened`;
    await store.put(location, utf8('0123456789'));
    const reader = await store.openReader(location);
    const into = new Uint8Array(4);
    for (const [start, found] of [
      [0, '0123'],
      [6, '6789'],
      [8, '89'],
      [10, ''],
      [50, ''],
      [3, '3456'],
    ] as const) {
      expect(text(into.subarray(0, await reader.readInto(into, start)))).toBe(found);
    }
    await expect(reader.readInto(into, -1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await reader.close();
    await reader.close();
    await expect(store.openReader(`${base}/nothing`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(store.openReader(foreign)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('keeps empty objects, and replaces', async () => {
    const { store, base } = await open();
    const location = `${base}/replaced`;
    await store.put(location, new Uint8Array());
    expect(await store.stat(location)).toMatchObject({ location, sizeBytes: 0 });
    expect(await store.read(location)).toHaveLength(0);
    expect(await collect(await store.stream(location))).toHaveLength(0);
    await store.put(location, utf8('new'));
    expect(text(await store.read(location))).toBe('new');
  });

  it('is not changed by what the caller does with the bytes afterwards', async () => {
    const { store, base } = await open();
    const bytes = utf8('kept');
    await store.put(`${base}/kept`, bytes);
    bytes.fill(0);
    (await store.read(`${base}/kept`)).fill(0);
    expect(text(await store.read(`${base}/kept`))).toBe('kept');
  });

  it('says what is there: size, etag and time, or nothing', async () => {
    const { store, base } = await open();
    const put = await store.put(`${base}/stat`, utf8('12345'));
    const stat = await store.stat(`${base}/stat`);
    expect(stat).toMatchObject({ location: `${base}/stat`, sizeBytes: 5, etag: put.etag });
    expect(Math.abs((stat?.lastModifiedMs ?? 0) - Date.now())).toBeLessThan(600_000);
    expect(await store.stat(`${base}/nothing`)).toBeNull();
    expect(await store.stat(`${base}/stat/below`)).toBeNull();
    await expect(store.read(`${base}/nothing`)).rejects.toMatchObject({ code: 'NOT_FOUND', message: /nothing/ });
    await expect(store.stream(`${base}/nothing`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each(ODD_NAMES)('keeps the name %j as it is', async (odd) => {
    const { store, base } = await open();
    const location = `${base}/odd/${odd}/x`;
    await store.put(location, utf8(odd));
    expect(text(await store.read(location))).toBe(odd);
    expect((await store.stat(location))?.location).toBe(location);
    expect((await all(store.list(`${base}/odd/`))).map((found) => found.location)).toContain(location);
    expect(await store.delete([location])).toEqual({ failed: [] });
    expect(await store.stat(location)).toBeNull();
  });

  it('deletes many, and does not mind what is not there', async () => {
    const { store, base } = await open();
    const locations = Array.from({ length: 20 }, (_, i) => `${base}/many/${i} &<+`);
    await Promise.all(locations.map((location) => store.put(location, utf8('x'))));
    const kept = await store.put(`${base}/many/kept`, utf8('x'));
    expect(await store.delete([...locations, `${base}/many/never`])).toEqual({ failed: [] });
    expect((await all(store.list(`${base}/many/`))).map((found) => found.location)).toEqual([kept.location]);
    expect(await store.delete([])).toEqual({ failed: [] });
  });

  it('refuses locations that are not its own or lead elsewhere', async () => {
    const { store, base, foreign } = await open();
    expect(store.serves(`${base}/x`)).toBe(true);
    expect(store.serves(foreign)).toBe(false);
    for (const bad of [foreign, `${base}/../x`, `${base}/a/./b`, `${base}/a\nb`, `${base}/a\u0000b`]) {
      const refused = { code: 'INVALID_ARGUMENT' };
      await expect(store.read(bad), bad).rejects.toMatchObject(refused);
      await expect(store.stat(bad), bad).rejects.toMatchObject(refused);
      await expect(store.put(bad, utf8('x')), bad).rejects.toMatchObject(refused);
      await expect(store.openUpload(bad), bad).rejects.toMatchObject(refused);
      await expect(store.delete([bad]), bad).rejects.toMatchObject(refused);
      await expect(all(store.list(bad)), bad).rejects.toMatchObject(refused);
    }
  });

  it('does nothing for a signal that fired already', async () => {
    const { store, base } = await open();
    const options = { signal: AbortSignal.abort(new Error('too late')) };
    await expect(store.put(`${base}/late`, utf8('x'), options)).rejects.toThrow('too late');
    await expect(store.read(`${base}/late`, undefined, options)).rejects.toThrow('too late');
    await expect(all(store.list(base, options))).rejects.toThrow('too late');
    expect(await store.stat(`${base}/late`)).toBeNull();
  });
}

function conditions(open: () => Promise<StoreUnderTest>): void {
  it('creates only what is not there, with one winner of many', async () => {
    const { store, base } = await open();
    const condition = { ifNoneMatch: '*' } as const;
    if (!store.capabilities.conditionalCreate) return refuses(store, base, condition);
    const tries = Array.from({ length: 12 }, (_, i) => store.put(`${base}/race`, utf8(`writer ${i}`), { condition }));
    const settled = await Promise.allSettled(tries);
    const winners = settled.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
    expect(winners).toHaveLength(1);
    expect(text(await store.read(`${base}/race`))).toBe(`writer ${winners[0]}`);
    for (const result of settled) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'PRECONDITION_FAILED' });
    }
    expect((await all(store.list(`${base}/race`))).length).toBe(1);
  });

  it('replaces only what is known, with one winner of many', async () => {
    const { store, base } = await open();
    if (!store.capabilities.conditionalReplace) return refuses(store, base, { ifMatch: '"etag"' });
    const first = await store.put(`${base}/swap`, utf8('first'));
    const ifMatch = first.etag ?? '';
    const tries = Array.from({ length: 8 }, (_, i) =>
      store.put(`${base}/swap`, utf8(`writer ${i}`), { condition: { ifMatch } }),
    );
    const settled = await Promise.allSettled(tries);
    const winners = settled.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
    expect(winners).toHaveLength(1);
    expect(text(await store.read(`${base}/swap`))).toBe(`writer ${winners[0]}`);
    await expect(
      store.put(`${base}/absent`, utf8('x'), { condition: { ifMatch: first.etag ?? '' } }),
    ).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect(await store.stat(`${base}/absent`)).toBeNull();
  });
}

/** A precondition that cannot be kept is refused, never ignored. */
async function refuses(store: Store, base: string, condition: PutCondition): Promise<void> {
  await expect(store.put(`${base}/refused`, utf8('x'), { condition })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  expect(await store.stat(`${base}/refused`)).toBeNull();
}

function listing(open: () => Promise<StoreUnderTest>): void {
  it('lists by prefix, in key order, with sizes', async () => {
    const { store, base } = await open();
    const names = ['b', 'a/1', 'a-b', 'a/2/x', 'ab', 'a.b', 'a/\uffee', 'a/\u{1f600}', 'c/d'];
    for (const name of names) await store.put(`${base}/list/${name}`, utf8(name));
    const found = await all(store.list(`${base}/list/`));
    expect(found.map((stat) => stat.location)).toEqual(names.sort(compareUtf8).map((name) => `${base}/list/${name}`));
    for (const stat of found) expect(stat.sizeBytes).toBe(utf8(stat.location).length - utf8(`${base}/list/`).length);
    expect((await all(store.list(`${base}/list/a`))).length).toBe(7);
    expect((await all(store.list(`${base}/list/a/`))).length).toBe(4);
    expect(await all(store.list(`${base}/list/nothing/`))).toEqual([]);
  });
}

function uploads(open: () => Promise<StoreUnderTest>): void {
  for (const [title, sizes] of [
    ['nothing', []],
    ['less than a part', [10, 0, 90]],
    ['exactly one part', [5 << 20]],
    ['many small pieces over several parts', Array.from({ length: 60 }, (_, i) => 200_000 + i)],
    ['pieces larger than a part', [11_000_003, 3, 6_000_000]],
  ] as const) {
    it(`stores ${title}`, async () => {
      const { store, base, unfinished } = await open();
      const location = `${base}/uploads/${title}`;
      const upload = await store.openUpload(location, { partSizeBytes: 5 << 20, partSlots: new Semaphore(10 << 20) });
      const pieces = sizes.map((size, i) => pattern(size, i));
      const expected = concatBytes(pieces.map((piece) => piece.slice()));
      for (const piece of pieces) await upload.write(piece);
      expect(await store.stat(location)).toBeNull();
      const result = await upload.finish();
      expect(result).toMatchObject({ location, sizeBytes: expected.length });
      expect(same(await store.read(location), expected)).toBe(true);
      expect(await store.stat(location)).toMatchObject({ sizeBytes: expected.length, etag: result.etag });
      expect(upload.bufferedBytes).toBe(0);
      expect(await upload.abort()).toEqual({ leftBehind: [] });
      expect(await store.stat(location)).not.toBeNull();
      expect((await unfinished?.()) ?? []).toEqual([]);
      await expect(upload.write(utf8('x'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    });
  }

  it.each([100, 12_000_000])('that is aborted after %d bytes leaves nothing', async (size) => {
    const { store, base, unfinished } = await open();
    const location = `${base}/aborted/${size}`;
    const upload = await store.openUpload(location, { partSizeBytes: 5 << 20 });
    await upload.write(pattern(size));
    expect(await upload.abort()).toEqual({ leftBehind: [] });
    expect(await upload.abort()).toEqual({ leftBehind: [] });
    expect(await store.stat(location)).toBeNull();
    expect(await all(store.list(`${base}/aborted`))).toEqual([]);
    expect((await unfinished?.()) ?? []).toEqual([]);
    await expect(upload.write(utf8('x'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(upload.finish()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('ends with the reason of its signal, and can still be aborted', async () => {
    const { store, base, unfinished } = await open();
    const stop = new AbortController();
    const location = `${base}/stopped`;
    const upload = await store.openUpload(location, { partSizeBytes: 5 << 20, signal: stop.signal });
    await upload.write(pattern(6_000_000));
    stop.abort(new Error('stopped here'));
    await expect(upload.write(pattern(6_000_000))).rejects.toThrow('stopped here');
    expect(await upload.abort()).toEqual({ leftBehind: [] });
    expect(await store.stat(location)).toBeNull();
    expect((await unfinished?.()) ?? []).toEqual([]);
  });

  it('reports pending bytes that depend only on what was written', async () => {
    const { store, base } = await open();
    const upload = await store.openUpload(`${base}/pending`, { partSizeBytes: 5 << 20 });
    const seen: number[] = [];
    for (const size of [4_000_000, 4_000_000, 2_485_760]) {
      await upload.write(pattern(size));
      seen.push(upload.pendingBytes);
    }
    const parts = store.capabilities.multipart !== null;
    expect(seen).toEqual(parts ? [4_000_000, 2_757_120, 0] : [0, 0, 0]);
    await upload.finish();
  });
}

/** Bytes that differ at every place and by seed. */
export function pattern(length: number, seed = 0): Bytes {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + seed) & 0xff;
  return bytes;
}

/** Faster than a deep comparison for megabytes. */
function same(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function text(bytes: Bytes): string {
  return new TextDecoder().decode(bytes);
}

async function all(stats: AsyncIterable<ObjectStat>): Promise<ObjectStat[]> {
  const found: ObjectStat[] = [];
  for await (const stat of stats) found.push(stat);
  return found;
}

async function collect(stream: ReadableStream<Bytes>): Promise<Bytes> {
  const chunks: Bytes[] = [];
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
  return concatBytes(chunks);
}
