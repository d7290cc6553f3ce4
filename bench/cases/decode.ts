/** Decoding Parquet: the engine's reader, parquet-wasm's and PyArrow's, on one file. */
import { join } from 'node:path';
import { paths } from '../../test/support/kit/home.ts';
import { install } from '../../test/support/kit/install.ts';
import { type Benchmark, measure } from '../harness.ts';
import { writeParquet } from '../support/parquet-file.ts';

const wasmReader = new URL('../child/decode.ts', import.meta.url).pathname;
const pyarrowReader = new URL('../child/decode_pyarrow.py', import.meta.url).pathname;
const turns = 3;

export const decode: Benchmark = {
  name: 'decode',
  what: 'read a Parquet file into Arrow batches, in the reader and out of it, against parquet-wasm and PyArrow',
  defaultRows: 3_000_000,
  async *run({ rows, scratch, log }) {
    await install(['readers'], log);
    const file = join(scratch, 'rows.parquet');
    await writeParquet(file, rows);
    for (const [label, columns] of [
      ['all columns', ''],
      ['2 columns', 'id,name'],
    ] as const) {
      const node = ['node', '--conditions=icestream-source', '--no-warnings', wasmReader];
      const best = await leastCpu(rows, {
        ours: [...node, 'ours', file, columns],
        parquetWasm: [...node, 'parquet-wasm', file, columns],
        pyarrow: [paths.python(), pyarrowReader, file, columns],
        oursOut: [...node, 'ours', file, columns, 'ipc'],
        parquetWasmOut: [...node, 'parquet-wasm', file, columns, 'ipc'],
      });
      yield { name: `${label}: CPU`, value: best.ours / 1000, unit: 's' };
      yield {
        name: `${label}: CPU of parquet-wasm against ours`,
        value: best.parquetWasm / best.ours,
        unit: '×',
        peer: 'parquet-wasm 0.8',
        bar: { atLeast: 1.7 },
      };
      yield {
        name: `${label}: CPU against PyArrow on one thread`,
        value: best.ours / best.pyarrow,
        unit: '×',
        peer: 'PyArrow',
        bar: { atMost: 1.8 },
      };
      yield { name: `${label}, as Arrow IPC in JavaScript: CPU`, value: best.oursOut / 1000, unit: 's' };
      yield {
        name: `${label}, as Arrow IPC in JavaScript: CPU of parquet-wasm against ours`,
        value: best.parquetWasmOut / best.oursOut,
        unit: '×',
        peer: 'parquet-wasm 0.8',
      };
    }
  },
};

/** By name of a command the least CPU time of one reading, in milliseconds. */
async function leastCpu<Name extends string>(
  rows: number,
  commands: Readonly<Record<Name, readonly string[]>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(commands) as Name[];
  const best = Object.fromEntries(names.map((name) => [name, Infinity])) as Record<Name, number>;
  // In turns, so that what else the machine does hits all of them.
  for (let turn = 0; turn < turns; turn++) {
    for (const name of names) {
      const { result } = await measure(commands[name]);
      if (result['rows'] !== rows) throw new Error(`${name} read ${String(result['rows'])} of ${rows} rows`);
      // The first reading of a process also pays for compiling.
      best[name] = Math.min(best[name], ...(result['cpuMs'] as number[]).slice(1));
    }
  }
  return best;
}
