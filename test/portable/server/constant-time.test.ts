import { expect, test } from 'vitest';
import { sameSecret } from '../../../src/server/constant-time.ts';

test('only the same secret is the same', async () => {
  expect(await sameSecret('', '')).toBe(true);
  expect(await sameSecret('s3cret', 's3cret')).toBe(true);
  for (const other of ['', 's3cres', 's3cret ', 'S3cret']) expect(await sameSecret('s3cret', other)).toBe(false);
});
