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
  readonly heldBytes: number;
  readonly hash: string | null;
}

/** Threads: none beside the writer's, two that each append starts, two that all appends have. */
const ways = { one: '1', two: '2', own: 'own:2' } as const;
type Way = keyof typeof ways;

async function write(rows: number, way: Way, ...more: string[]): Promise<Run> {
  const args = [String(rows), ways[way], String(shareBytes), ...more];
  const { result } = await measure(['node', '--no-warnings', child, ...args]);
  const run = result as unknown as Run;
  if (run.rows !== rows || run.files !== 1) throw new Error(`${run.rows} of ${rows} rows in ${run.files} files`);
  return run;
}

export const threads: Benchmark = {
  name: 'threads',
  what: 'an append to a store that discards, encoded by 2 worker threads (that stay from append to append, or are started for each), against one thread: time, and the same bytes',
  defaultRows: 3_000_000,
  async *run({ rows, log }) {
    await build();
    if (availableParallelism() < 2) log('this machine has one core');
    const elapsedMs: Record<Way, number> = { one: Infinity, two: Infinity, own: Infinity };
    const cpuMs: Record<Way, number> = { ...elapsedMs };
    const heldBytes: Record<Way, number> = { one: 0, two: 0, own: 0 };
    let togetherMs = Infinity;
    // In turns, so that what else the machine does hits all.
    for (let turn = 0; turn < turns; turn++) {
      for (const way of Object.keys(ways) as Way[]) {
        const run = await write(rows, way);
        // The first append of a process also pays for compiling, and makes the engine that the others have.
        elapsedMs[way] = Math.min(elapsedMs[way], ...run.elapsedMs.slice(1));
        cpuMs[way] = Math.min(cpuMs[way], ...run.cpuMs.slice(1));
        heldBytes[way] = Math.max(heldBytes[way], run.heldBytes);
      }
      const together = await Promise.all([write(rows, 'one'), write(rows, 'one')]);
      // In the first and the last round one of them may be alone.
      const bestMs = together.map((run) => Math.min(...run.elapsedMs.slice(1, -1)));
      togetherMs = Math.min(togetherMs, Math.max(...bestMs));
    }
    const peer = 'one thread';
    yield { name: 'one thread: elapsed', value: elapsedMs.one / 1000, unit: 's' };
    // What two cores give that share caches and memory, where nothing has to be handed over.
    const machine = (2 * elapsedMs.one) / togetherMs;
    yield { name: 'two programs at once, of one thread each: as fast as one', value: machine, unit: '×', peer };
    for (const [way, name] of [
      ['own', '2 threads that stay'],
      ['two', '2 threads for each append'],
    ] as const) {
      // The bar is for these: one thread has the engine of earlier appends, too, so both sides are warm.
      const bar = way === 'own' ? { bar: { atLeast: 1.7 } } : {};
      yield { name: `${name}: elapsed`, value: elapsedMs[way] / 1000, unit: 's' };
      yield { name: `${name}: as fast as one`, value: elapsedMs.one / elapsedMs[way], unit: '×', peer, ...bar };
      yield { name: `${name}: CPU against one`, value: cpuMs[way] / cpuMs.one, unit: '×', peer };
      yield { name: `${name}: memory held`, value: heldBytes[way] / mebibyte, unit: 'MiB', bar: { atMost: 288 } };
    }
    const hashes = new Set<string | null>();
    for (const way of Object.keys(ways) as Way[]) hashes.add((await write(rows, way, 'hash')).hash);
    yield { name: '2 threads: different files', value: hashes.size, unit: '', bar: { atMost: 1 } };
  },
};
