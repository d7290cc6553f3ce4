/** Encoding on worker threads: elapsed time against one thread with the same plan, and the same bytes. */
import { availableParallelism } from 'node:os';
import { type Benchmark, measure, mebibyte } from '../harness.ts';
import { build } from '../support/built.ts';

const child = new URL('../child/threads.ts', import.meta.url).pathname;
const shareBytes = 96 * mebibyte;
const turns = 3;

interface Run {
  readonly rows: number;
  readonly files: number;
  readonly elapsedMs: readonly number[];
  readonly cpuMs: readonly number[];
  readonly memoryPeakBytes: number;
  readonly hash: string | null;
}

async function write(rows: number, threads: number, ...more: string[]): Promise<Run> {
  const limit = threads === 1 ? shareBytes : shareBytes * (threads + 1);
  const args = [String(rows), String(threads), String(limit), ...more];
  const { result } = await measure(['node', '--no-warnings', child, ...args]);
  const run = result as unknown as Run;
  if (run.rows !== rows || run.files !== 1) throw new Error(`${run.rows} of ${rows} rows in ${run.files} files`);
  return run;
}

export const threads: Benchmark = {
  name: 'threads',
  what: 'an append to a store that discards, encoded by 2 worker threads, against one thread: time, and the same bytes',
  defaultRows: 3_000_000,
  async *run({ rows, log }) {
    await build();
    if (availableParallelism() < 2) log('this machine has one core');
    const best = { one: Infinity, two: Infinity };
    const cpu = { one: Infinity, two: Infinity };
    let peak = 0;
    // In turns, so that what else the machine does hits both.
    for (let turn = 0; turn < turns; turn++) {
      const one = await write(rows, 1);
      const two = await write(rows, 2);
      // The first append of a process also pays for compiling.
      best.one = Math.min(best.one, ...one.elapsedMs.slice(1));
      best.two = Math.min(best.two, ...two.elapsedMs.slice(1));
      cpu.one = Math.min(cpu.one, ...one.cpuMs.slice(1));
      cpu.two = Math.min(cpu.two, ...two.cpuMs.slice(1));
      peak = Math.max(peak, two.memoryPeakBytes);
    }
    yield { name: 'one thread: elapsed', value: best.one / 1000, unit: 's' };
    yield { name: '2 threads: elapsed', value: best.two / 1000, unit: 's' };
    yield {
      name: '2 threads: as fast as one',
      value: best.one / best.two,
      unit: '×',
      peer: 'one thread',
      bar: { atLeast: 1.7 },
    };
    yield { name: '2 threads: CPU against one', value: cpu.two / cpu.one, unit: '×', peer: 'one thread' };
    yield { name: '2 threads: memory held', value: peak / mebibyte, unit: 'MiB', bar: { atMost: 288 } };
    const hashes = new Set([(await write(rows, 1, 'hash')).hash, (await write(rows, 2, 'hash')).hash]);
    yield { name: '2 threads: different files', value: hashes.size, unit: '', bar: { atMost: 1 } };
  },
};
