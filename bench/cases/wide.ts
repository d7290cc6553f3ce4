/** 400 columns, 100 files, one load: completes within the limit. */

import { makeTable, tableToIPC } from 'apache-arrow';
import { newEngine } from '../../src/engine/default-engine.ts';
import { fromAny } from '../../src/source/from-any.ts';
import type { Bytes } from '../../src/util/bytes.ts';
import { type Benchmark, mebibyte } from '../harness.ts';
import { memoryCatalog } from '../support/memory-catalog.ts';
import { DiscardingStore } from '../support/wrapped-store.ts';

const columns = 400;
const files = 100;

export const wide: Benchmark = {
  name: 'wide',
  what: 'N rows of 400 double columns as 100 files in one load at 96 MiB: completes, one snapshot',
  defaultRows: 1_000_000,
  async *run({ rows }) {
    const memoryLimitBytes = 96 * mebibyte;
    const perFile = Math.floor(rows / files);
    const file = new Blob([wideFile(perFile)]);
    const { catalog } = await memoryCatalog((store) => new DiscardingStore(store));
    const sources = Array.from({ length: files }, (_, i) => fromAny(file, { name: `part-${i}.arrows` }));
    const engine = await newEngine({ memoryLimitBytes });
    const { table, result } = await catalog.createAndAppend(
      'bench.wide',
      fromAny(sources),
      {},
      { engine, memoryLimitBytes },
    );
    let groups = 0;
    for await (const { file } of table.files()) groups += file.splitOffsets?.length ?? 0;
    yield {
      name: 'budget in use at the peak',
      value: result.memoryPeakBytes / mebibyte,
      unit: 'MiB',
      bar: { atMost: 96 },
    };
    yield { name: 'rows per row group, mean', value: Math.round(Number(result.rows) / groups), unit: '' };
    yield { name: 'files', value: result.files, unit: '' };
    yield { name: 'elapsed', value: result.elapsedMs / 1000, unit: 's' };
    yield { name: 'snapshots', value: table.snapshots().length, unit: '', bar: { atMost: 1 } };
    yield { name: 'rows lost', value: Math.abs(Number(result.rows) - perFile * files), unit: '', bar: { atMost: 0 } };
  },
};

function wideFile(rows: number): Bytes {
  const data = Array.from({ length: columns }, (_, c): [string, Float64Array] => [
    `c${c}`,
    Float64Array.from({ length: rows }, (_, r) => Math.sin(r * (c + 1)) * 1000),
  ]);
  return tableToIPC(makeTable(Object.fromEntries(data)), 'stream') as Bytes;
}
