import { expect, test } from 'vitest';
import { refusedVersion } from '../../../src/cli/node-version.ts';

test('the command says at once that Node is too old', () => {
  expect(refusedVersion({ node: '20.19.5' })).toMatch(/needs Node\.js 22 .* this is 20\.19\.5/);
  for (const node of ['22.0.0', '24.21.0', '100.1.0']) expect(refusedVersion({ node })).toBeNull();
  expect(refusedVersion({ node: '20.0.0', bun: '1.3.0' })).toBeNull();
  expect(refusedVersion({ node: '20.0.0', deno: '2.5.0' })).toBeNull();
});
