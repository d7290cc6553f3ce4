/** What comes from R2 in small pieces is read in large ones: each costs a Worker as much time and garbage. */
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { storeInput } from '../../../src/source/input-store.ts';
import { R2Store } from '../../../src/storage/r2/r2-store.ts';
import { pattern } from '../../conformance/store.ts';

const chunkBytes = 256 * 1024;

test('an object is read as a source in chunks of 256 KiB', async () => {
  const location = 's3://lake/pieces';
  const store = new R2Store({ binding: env.BUCKET, bucket: 'lake' });
  const bytes = pattern(600_000);
  await store.put(location, bytes);
  const sizes: number[] = [];
  let at = 0;
  for await (const chunk of storeInput({ store, location }).stream()) {
    sizes.push(chunk.length);
    expect(chunk.every((byte, i) => byte === bytes[at + i])).toBe(true);
    at += chunk.length;
  }
  expect(sizes).toEqual([chunkBytes, chunkBytes, 75_712]);
});
