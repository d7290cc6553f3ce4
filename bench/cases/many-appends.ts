/** Appends to one table, one after another: what each reads and writes must not grow with those before it. */
import { getEngine } from '../../src/engine/default-engine.ts';
import { fromAny } from '../../src/source/from-any.ts';
import { benchIpc } from '../data/ipc.ts';
import { type Benchmark, mebibyte } from '../harness.ts';
import { memoryCatalog } from '../support/memory-catalog.ts';
import { CountingStore } from '../support/wrapped-store.ts';

const window = 100;
const rowsPerAppend = 10;

export const manyAppends: Benchmark = {
  name: 'many-appends',
  what: 'N/10 appends of 10 rows to one table: manifest and list bytes and requests of each window of 100',
  defaultRows: 1000 * rowsPerAppend,
  async *run({ rows }) {
    const appends = Math.floor(rows / rowsPerAppend);
    const memoryLimitBytes = 96 * mebibyte;
    const engine = await getEngine({ memoryLimitBytes });
    const [ipc] = benchIpc(rowsPerAppend, rowsPerAppend);
    if (ipc === undefined) throw new Error('no rows');
    const { catalog, store } = await memoryCatalog((memory) => new CountingStore(memory));
    const { table } = await catalog.createAndAppend('bench.rows', fromAny(ipc), {}, { engine, memoryLimitBytes });

    interface Append {
      readonly requests: number;
      readonly manifestBytes: number;
      readonly listBytes: number;
      readonly metadataBytes: number;
      readonly merged: boolean;
    }
    const seen: Append[] = [];
    for (let i = 1; i < appends; i++) {
      store.reset();
      const before = (await table.manifests()).length;
      store.reset();
      await table.append(fromAny(ipc), { engine, memoryLimitBytes });
      const { requests, manifestBytes, listBytes, metadataBytes } = store;
      const merged = (await table.manifests()).length <= before;
      seen.push({ requests, manifestBytes, listBytes, metadataBytes, merged });
    }
    const plain = (from: number, pick: (append: Append) => number) => {
      const some = seen.slice(from, from + window).filter((append) => !append.merged);
      return some.reduce((sum, append) => sum + pick(append), 0) / some.length;
    };
    const mean = (pick: (append: Append) => number, of = seen) => of.reduce((sum, a) => sum + pick(a), 0) / of.length;
    const starts = Array.from({ length: Math.floor(seen.length / window) - 1 }, (_, i) => (i + 1) * window);
    for (const [name, pick] of [
      ['manifest and list bytes', (a: Append) => a.manifestBytes + a.listBytes],
      ['requests', (a: Append) => a.requests],
    ] as const) {
      const windows = starts.map((start) => plain(start, pick));
      yield {
        name: `${name} of an append, without merges`,
        value: mean(
          pick,
          seen.filter((a) => !a.merged),
        ),
        unit: '',
      };
      yield {
        name: `${name}: largest window against smallest, after the first`,
        value: Math.max(...windows) / Math.min(...windows),
        unit: '×',
        bar: { atMost: 1.2 },
      };
    }
    const all = mean((a) => a.manifestBytes + a.listBytes);
    const unmerged = mean(
      (a) => a.manifestBytes + a.listBytes,
      seen.filter((a) => !a.merged),
    );
    yield { name: 'merges', value: seen.filter((a) => a.merged).length, unit: '' };
    yield {
      name: 'bytes with merges, amortised, against an append without',
      value: all / unmerged,
      unit: '×',
      bar: { atMost: 2 },
    };
    yield {
      name: 'metadata JSON, first window',
      value: mean((a) => a.metadataBytes, seen.slice(0, window)),
      unit: 'B',
    };
    yield { name: 'metadata JSON, last window', value: mean((a) => a.metadataBytes, seen.slice(-window)), unit: 'B' };
    yield { name: 'snapshots missing', value: appends - table.snapshots().length, unit: '', bar: { atMost: 0 } };
  },
};
