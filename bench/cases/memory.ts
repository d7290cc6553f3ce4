/** Encode and upload to a local S3 server: memory must not grow with the rows. */
import { type Benchmark, type Figure, type Measured, measure, mebibyte, nodeCommand } from '../harness.ts';
import { withS3 } from '../support/servers.ts';

const memoryLimitBytes = 96 * mebibyte;
const generator = new URL('../data/generate.ts', import.meta.url).pathname;
const appender = new URL('../child/append.ts', import.meta.url).pathname;

export const memory: Benchmark = {
  name: 'memory',
  what: 'append N/50, N/5 and N rows to S3 at a limit of 96 MiB: peak RSS, and that it is flat',
  defaultRows: 50_000_000,
  async *run({ rows, log }) {
    const figures = await withS3(async (s3) => {
      const measured: [number, Measured][] = [];
      for (const size of [rows / 50, rows / 5, rows].map(Math.round)) {
        log(`${size.toLocaleString('en-US')} rows …`);
        const warehouse = s3.warehouse(`memory-${size}`);
        const job = {
          source: { stdin: true },
          target: { s3: s3.properties, warehouse },
          memoryLimitBytes,
          table: 'bench.rows',
        };
        const stdin = { command: [...nodeCommand, generator, String(size)] };
        measured.push([size, await measure([...nodeCommand, appender, JSON.stringify(job)], { stdin })]);
      }
      return measured;
    });
    for (const [size, result] of figures) yield* describeRun(size, result);
    const growth = figures.map(([, result]) => result.peakRssBytes - result.idleRssBytes);
    const [first = 0, last = 0] = [growth[0], growth.at(-1)];
    yield { name: 'peak RSS growth, most rows against fewest', value: last / first, unit: '×', bar: { atMost: 1.1 } };
  },
};

function* describeRun(size: number, result: Measured): Generator<Figure> {
  if (result['rows'] !== size) throw new Error(`${size} rows went in, ${String(result['rows'])} are in the table`);
  const label = `${size.toLocaleString('en-US')} rows`;
  const growth = (result.peakRssBytes - result.idleRssBytes) / 1e6;
  yield { name: `${label}: peak RSS growth over an idle process`, value: growth, unit: 'MB', bar: { atMost: 160 } };
  yield {
    name: `${label}: budget in use at the peak`,
    value: Number(result['memoryPeakBytes']) / mebibyte,
    unit: 'MiB',
    bar: { atMost: 96 },
  };
  yield { name: `${label}: CPU`, value: result.cpuMs / 1000, unit: 's' };
  yield {
    name: `${label}: files`,
    value: Number(result['files']),
    unit: '',
    note: `${Math.round(Number(result['bytes']) / 1e6)} MB`,
  };
}
