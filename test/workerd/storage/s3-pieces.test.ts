/** What comes from S3 in small pieces is read in large ones: each costs a Worker as much time and garbage. */
import { expect, test } from 'vitest';
import { storeInput } from '../../../src/source/input-store.ts';
import { S3Store } from '../../../src/storage/s3/s3-store.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { defaultWorld } from '../../../src/util/world.ts';
import { pattern } from '../../conformance/store.ts';
import { fromNetwork } from '../network-pipe.ts';

const chunkBytes = 256 * 1024;
const location = 's3://lake/pieces';
const bytes = pattern(600_000);

/** A store whose server sends `bytes` in small pieces; `cutAt`: the first answer ends there. */
function storeOf({ knowsRanges = true, cutAt = bytes.length }) {
  let until = cutAt;
  const fetch = async (request: Request) => {
    const [, first = '0', last] = /bytes=(\d+)-(\d*)/.exec(request.headers.get('range') ?? '') ?? [];
    const [start, end] = [knowsRanges ? Number(first) : 0, last ? Number(last) + 1 : bytes.length];
    const body = fromNetwork(bytes.slice(start, Math.min(end, until)), 4096);
    until = bytes.length;
    const range = { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` };
    return new Response(body, knowsRanges ? { status: 206, headers: range } : {});
  };
  return new S3Store({
    endpoint: 'http://s3.example',
    region: 'auto',
    world: { ...defaultWorld, fetch, sleep: (ms, signal) => defaultWorld.sleep(ms < 60_000 ? 0 : ms, signal) },
  });
}

async function sizesIn(chunks: AsyncIterable<Bytes>): Promise<number[]> {
  const sizes: number[] = [];
  let at = 0;
  for await (const chunk of chunks) {
    sizes.push(chunk.length);
    expect(chunk.every((byte, i) => byte === bytes[at + i])).toBe(true);
    at += chunk.length;
  }
  expect(at).toBe(bytes.length);
  return sizes;
}

test.each([true, false])('an object is read as a source in chunks of 256 KiB (ranges: %s)', async (knowsRanges) => {
  const store = storeOf({ knowsRanges });
  expect(await sizesIn(storeInput({ store, location }).stream())).toEqual([chunkBytes, chunkBytes, 75_712]);
});

test('a range is what was asked for', async () => {
  for (const knowsRanges of [true, false]) {
    const read = await storeOf({ knowsRanges }).read(location, { start: 1000, end: 501_000 });
    expect(read.length).toBe(500_000);
    expect(read.every((byte, i) => byte === bytes[1000 + i])).toBe(true);
  }
});

test('an answer that ends early is asked for again from where it ended', async () => {
  const sizes = await sizesIn(storeInput({ store: storeOf({ cutAt: 300_000 }), location }).stream());
  expect(sizes).toEqual([chunkBytes, 37_856, chunkBytes, 37_856]);
});
