/** Commits at once, while requests, answers and the bucket fail at random: what was said of each is what is there. */
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { type CatalogObjectBinding, DurableCatalog } from 'icestream/server/durable-catalog';
import { expect, test } from 'vitest';
import type { CommitAnswer } from '../../../../src/catalog/catalog.ts';
import { IcestreamError } from '../../../../src/errors.ts';
import type { Store } from '../../../../src/storage/store.ts';
import { defaultWorld } from '../../../../src/util/world.ts';
import { newKey, newLake, schema, setProperty, store, tableOf } from './lake.ts';

type Fault = 'none' | 'request' | 'answer';
const TABLES = ['t', 'u', 'v'];

/** One after the other, then none. */
function next(faults: Fault[]): Fault {
  return faults.shift() ?? 'none';
}

async function through<T>(fault: Fault, call: () => Promise<T>, error: Error): Promise<T> {
  if (fault === 'request') throw error;
  const answer = await call();
  if (fault === 'answer') throw error;
  return answer;
}

function faultyBinding(calls: { readonly look: Fault[]; readonly change: Fault[] }): CatalogObjectBinding {
  return {
    idFromName: (name) => env.CATALOG.idFromName(name),
    get(id) {
      const stub = env.CATALOG.get(id);
      return new Proxy(stub, {
        get:
          (_, name: string) =>
          (...parameters: unknown[]) =>
            through(
              next(name === 'look' ? calls.look : calls.change),
              () => stub[name](...parameters),
              new Error('the network failed'),
            ),
      });
    },
  };
}

function faultyStore(faults: Fault[]): Store {
  const error = new IcestreamError('UNAVAILABLE', 'the bucket gave no answer', { retryable: true });
  const put: Store['put'] = (...parameters) => through(next(faults), () => store.put(...parameters), error);
  return new Proxy<Store>(store, {
    get(target, name) {
      if (name === 'put') return put;
      const own: unknown = Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

const fault = fc.constantFrom<Fault>('none', 'none', 'request', 'answer');
/** Single ones, and as many in a row as there are attempts. */
const faults = fc
  .array(
    fc.oneof(
      fault.map((one) => [one]),
      fault.map((one) => Array<Fault>(5).fill(one)),
    ),
    { maxLength: 6 },
  )
  .map((lists) => lists.flat());
const writer = fc.record({
  commits: fc.array(fc.subarray(TABLES, { minLength: 1 }), { minLength: 1, maxLength: 4 }),
  look: faults,
  change: faults,
  puts: fc.array(fault, { maxLength: 6 }),
});

test('a commit that is said to be in its tables is in all of them, any other in none, and files go with it', async () => {
  const said = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(writer, { minLength: 1, maxLength: 3 }), async (writers) => {
      const { catalog, warehouse, files } = await newLake();
      for (const name of TABLES) await catalog.createTable(tableOf(name), { schema });
      const committed: [string, string][] = [];
      let unknown = 0;

      const write = async ({ commits, look, change, puts }: (typeof writers)[number], w: number) => {
        const own = new DurableCatalog({
          binding: faultyBinding({ look: [...look], change: [...change] }),
          store: faultyStore([...puts]),
          warehouse,
          world: { ...defaultWorld, sleep: async () => {} },
        });
        for (const [i, names] of commits.entries()) {
          const requests = names.map((name) => setProperty(name, `p${w}-${i}`, 'x'));
          const key = newKey();
          const [request, ...more] = requests;
          let answer: CommitAnswer =
            request === undefined || more.length > 0
              ? await own.commitTransaction(requests, key)
              : await own.commit(request, key);
          said.add(answer.kind);
          if (answer.kind === 'unknown') {
            unknown += names.length;
            answer = await catalog.commitTransaction(requests, key);
            expect(['committed', 'conflict']).toContain(answer.kind);
          }
          if (answer.kind === 'committed')
            committed.push(...names.map((name): [string, string] => [name, `p${w}-${i}`]));
          else expect(['conflict', 'throttled']).toContain(answer.kind);
        }
      };
      await Promise.all(writers.map(write));

      const stored = new Set(await files());
      for (const name of TABLES) {
        const { metadata, metadataLocation } = await catalog.loadTable(tableOf(name));
        const found = Object.keys(metadata.properties ?? {}).filter((key) => key.startsWith('p'));
        expect(found.sort()).toEqual(committed.flatMap(([table, key]) => (table === name ? [key] : [])).sort());
        const log = (metadata['metadata-log'] ?? []).map((entry) => entry['metadata-file']);
        for (const file of [...log, metadataLocation ?? '']) expect(stored.delete(file)).toBe(true);
      }
      expect(stored.size).toBeLessThanOrEqual(unknown);
    }),
    { numRuns: 25 },
  );
  expect([...said].sort()).toEqual(['committed', 'conflict', 'throttled', 'unknown']);
});
