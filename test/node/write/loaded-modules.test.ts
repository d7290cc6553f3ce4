/** What an append loads when it comes to it: a page waits for each module. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

interface Appended {
  readonly appends: readonly { readonly loaded: readonly string[]; readonly manifests: number }[];
  readonly numbers: readonly number[];
}

const script = fileURLToPath(new URL('loaded-modules.ts', import.meta.url));
const readsManifests = 'scan/read-manifest.ts';

async function appended(...gone: string[]): Promise<Appended> {
  const args = ['--conditions=icestream-source', '--no-warnings', script, ...gone];
  return JSON.parse((await promisify(execFile)(process.execPath, args)).stdout) as Appended;
}

test('an append into a table with data loads what reads manifest lists; what reads manifests, only one that joins some', async () => {
  const { appends, numbers } = await appended();
  const [first, second, joining] = appends;
  expect(first?.loaded).toContain('scan/read-manifest-list.ts');
  expect(first?.loaded.filter((module) => !/^avro\/|manifest-list/.test(module))).toEqual([]);
  expect(second?.loaded).toEqual([]);
  expect(joining?.loaded).toContain(readsManifests);
  expect(appends.map(({ manifests }) => manifests)).toEqual([2, 3, 2]);
  expect(numbers).toEqual([0, 1, 2, 3]);
});

test('where it cannot be loaded any more, manifests stay as they are and the append is committed', async () => {
  const { appends, numbers } = await appended(readsManifests);
  expect(appends.map(({ manifests }) => manifests)).toEqual([2, 3, 4]);
  expect(numbers).toEqual([0, 1, 2, 3]);
});
