import { expect, it } from 'vitest';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import { utf8 } from '../../../src/util/encoding.ts';
import { storeConformance } from '../../conformance/store.ts';

storeConformance('memory', async () => ({
  store: new MemoryStore('test'),
  base: 'memory://test/place',
  foreign: 'memory://other/place',
}));

it('two memory stores share nothing', async () => {
  const [one, two] = [new MemoryStore('n'), new MemoryStore('n')];
  await one.put('memory://n/x', utf8('x'));
  expect(await two.stat('memory://n/x')).toBeNull();
});
