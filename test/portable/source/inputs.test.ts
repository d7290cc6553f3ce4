import { describe, expect, test } from 'vitest';
import { ByteStream } from '../../../src/source/byte-stream.ts';
import { type FromAnyOptions, fromAny } from '../../../src/source/from-any.ts';
import { urlInput } from '../../../src/source/input-url.ts';
import { MemoryStore } from '../../../src/storage/memory/index.ts';
import { MemoryLease } from '../../../src/util/memory-budget.ts';
import { defaultWorld, type World } from '../../../src/util/world.ts';
import { readAll, text } from './helpers.ts';

/** A server as a function. */
function serving(answer: (request: Request, count: number) => Response): World & { readonly requests: Request[] } {
  const requests: Request[] = [];
  return {
    ...defaultWorld,
    requests,
    sleep: async () => {},
    fetch: async (request) => {
      requests.push(request);
      return answer(request, requests.length);
    },
  };
}

const data = text('0123456789'.repeat(1000));

function ranged(request: Request, headers: Record<string, string> = {}): Response {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get('range') ?? '');
  if (range === null) return new Response(data, { headers: { 'content-length': String(data.length), ...headers } });
  const [start, end] = [Number(range[1]), Number(range[2])];
  return new Response(data.slice(start, end + 1), {
    status: 206,
    headers: { 'content-range': `bytes ${start}-${end}/${data.length}`, etag: '"1"', ...headers },
  });
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: number[] = [];
  for await (const chunk of stream) chunks.push(...chunk);
  return Uint8Array.from(chunks);
}

describe('a URL', () => {
  const url = new URL('https://data.example/orders.parquet?X-Amz-Signature=secret');

  test('is read in ranges where the server can, with the caller’s headers', async () => {
    const world = serving((request) => ranged(request));
    const input = urlInput(url, { world, headers: { authorization: 'Bearer t' } });
    expect(input.name).toBe('https://data.example/orders.parquet');
    const file = await input.ranges();
    expect(file?.sizeBytes).toBe(10_000);
    expect(await file?.read(5, 15)).toEqual(text('5678901234'));
    expect(world.requests.map((r) => [r.headers.get('range'), r.headers.get('authorization')])).toEqual([
      ['bytes=0-0', 'Bearer t'],
      ['bytes=5-14', 'Bearer t'],
    ]);
  });

  test('has no ranges where the server ignores them', async () => {
    const world = serving(() => new Response(data));
    expect(await urlInput(url, { world }).ranges()).toBe(null);
  });

  test('that changes while it is read is an error', async () => {
    const world = serving((request, count) => ranged(request, { etag: `"${count}"` }));
    const file = await urlInput(url, { world }).ranges();
    await expect(file?.read(0, 10)).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: 'https://data.example/orders.parquet: the file changed while it was read',
    });
  });

  test('a busy server is asked again, a refusal is final, and no secret is in the message', async () => {
    const busy = serving((request, count) => (count < 3 ? new Response('', { status: 503 }) : ranged(request)));
    expect((await bytesOf(urlInput(url, { world: busy }).stream())).length).toBe(10_000);
    expect(busy.requests.length).toBe(3);
    const refusing = serving(() => new Response('<html>', { status: 403 }));
    const error = await bytesOf(urlInput(url, { world: refusing }).stream()).catch((e: Error) => e);
    expect(error).toMatchObject({ code: 'SOURCE_UNREADABLE', place: { status: 403 } });
    expect(String(error)).not.toContain('secret');
    expect(refusing.requests.length).toBe(1);
  });

  test('that ends before its length is cut off', async () => {
    const world = serving(() => new Response(data, { headers: { 'content-length': '10001' } }));
    await expect(bytesOf(urlInput(url, { world }).stream())).rejects.toMatchObject({
      message: expect.stringMatching(/promised 10001 bytes and sent 10000/),
    });
  });

  test('of another kind is refused, saying what to pass', () => {
    expect(() => fromAny(new URL('s3://b/k'))).toThrow(/scheme s3: .*\{ store, location \}/);
    expect(() => fromAny(new URL('https://u:p@h/x'))).toThrow(/must not carry a user name/);
    expect(() => fromAny('orders.csv')).toThrow(/a text is read as an http\(s\) URL/);
    expect(() => fromAny(5 as never)).toThrow(/a number cannot be read as a source; pass bytes/);
  });
});

describe('an object in a store', () => {
  test('is read by its location; one that is not there is named', async () => {
    const store = new MemoryStore('s');
    const options: FromAnyOptions = { format: 'parquet' };
    await store.put('memory://s/x.csv', text(''));
    await expect(readAll(fromAny({ store, location: 'memory://s/x.csv' }))).rejects.toMatchObject({
      code: 'SOURCE_EMPTY',
      place: { file: 'memory://s/x.csv' },
    });
    for (const given of [{}, options]) {
      await expect(readAll(fromAny({ store, location: 'memory://s/none.parquet' }, given))).rejects.toMatchObject({
        code: 'SOURCE_UNREADABLE',
        place: { file: 'memory://s/none.parquet' },
      });
    }
  });
});

describe('a stream of bytes', () => {
  async function* chunks(...sizes: number[]) {
    let at = 0;
    for (const size of sizes) {
      yield data.subarray(at, at + size);
      at += size;
    }
  }

  test('can be looked into, and is charged for what it holds', async () => {
    const lease = new MemoryLease(10_000);
    const stream = new ByteStream(chunks(10, 0, 20, 3000), { name: 's', lease });
    expect(await stream.peek(15)).toEqual(data.slice(0, 15));
    expect(lease.usedBytes).toBe(30);
    expect(await stream.peek(5)).toEqual(data.slice(0, 5));
    expect((await stream.peek(9999)).length).toBe(3030);
    expect(await bytesOf(stream)).toEqual(data.slice(0, 3030));
    expect(lease.usedBytes).toBe(0);
    expect(stream.bytesRead).toBe(3030);
  });

  test('gives large chunks in pieces, and refuses what is no bytes', async () => {
    const lease = new MemoryLease(10_000_000);
    const one = async function* () {
      yield new Uint8Array(600_000);
    };
    const sizes: number[] = [];
    for await (const piece of new ByteStream(one(), { name: 's', lease })) sizes.push(piece.length);
    expect(sizes).toEqual([262_144, 262_144, 75_712]);
    const wrong = async function* () {
      yield 'text' as never;
    };
    await expect(new ByteStream(wrong(), { name: 's', lease }).next()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 's: the stream gave string; its chunks must be Uint8Array',
    });
  });
});
