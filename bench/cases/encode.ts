/** Encoding Arrow batches as Parquet: the engine's encoder, parquet-wasm's and DuckDB's, on the same rows. */
import { join } from 'node:path';
import { paths } from '../../test/support/kit/home.ts';
import { install } from '../../test/support/kit/install.ts';
import { type Benchmark, measure } from '../harness.ts';
import { writeParquet } from '../support/parquet-file.ts';

const wasmWriter = new URL('../child/encode.ts', import.meta.url).pathname;
const duckdbWriter = new URL('../child/encode_duckdb.py', import.meta.url).pathname;
const turns = 3;

export const encode: Benchmark = {
  name: 'encode',
  what: 'write Arrow batches as Parquet, zstd level 1, against parquet-wasm and DuckDB on one thread',
  defaultRows: 3_000_000,
  async *run({ rows, scratch, log }) {
    await install(['readers'], log);
    const file = join(scratch, 'rows.parquet');
    await writeParquet(file, rows);
    const node = ['node', '--conditions=icestream-source', '--no-warnings', wasmWriter];
    const commands = {
      compact: [...node, 'ours', String(rows), 'compact'],
      plain: [...node, 'ours', String(rows), 'default'],
      parquetWasm: [...node, 'parquet-wasm', String(rows)],
      duckdb: [paths.python(), duckdbWriter, file, join(scratch, 'duckdb.parquet')],
    };
    const names = ['compact', 'plain', 'parquetWasm', 'duckdb'] as const;
    const cpuMs = { compact: Infinity, plain: Infinity, parquetWasm: Infinity, duckdb: Infinity };
    const bytes = { compact: 0, plain: 0, parquetWasm: 0, duckdb: 0 };
    // In turns, so that what else the machine does hits all of them.
    for (let turn = 0; turn < turns; turn++) {
      for (const name of names) {
        const { result } = await measure(commands[name]);
        if (result['rows'] !== rows) throw new Error(`${name} wrote ${String(result['rows'])} of ${rows} rows`);
        // The first round of a process also pays for compiling.
        cpuMs[name] = Math.min(cpuMs[name], ...(result['cpuMs'] as number[]).slice(1));
        bytes[name] = Number(result['bytes']);
      }
    }
    const peer = 'parquet-wasm 0.8';
    yield { name: 'compact: CPU', value: cpuMs.compact / 1000, unit: 's' };
    yield { name: 'default: CPU', value: cpuMs.plain / 1000, unit: 's' };
    yield {
      name: 'CPU of parquet-wasm against compact',
      value: cpuMs.parquetWasm / cpuMs.compact,
      unit: '×',
      peer,
      bar: { atLeast: 1.6 },
    };
    yield { name: 'compact: size', value: bytes.compact / bytes.parquetWasm, unit: '×', peer, bar: { atMost: 1.005 } };
    for (const [name, atMost] of [
      ['compact', 1.2],
      ['plain', 1.5],
    ] as const) {
      yield {
        name: `${name === 'plain' ? 'default' : name}: CPU against DuckDB on one thread`,
        value: cpuMs[name] / cpuMs.duckdb,
        unit: '×',
        peer: 'DuckDB 1.5',
        note: `${(bytes[name] / bytes.duckdb).toFixed(2)}× its size`,
        bar: { atMost },
      };
    }
  },
};
