/** Encode and upload to a local S3 server: memory must not grow with the rows. */
import { type Benchmark, type Figure, mebibyte } from '../harness.ts';
import { type MeasuredAppend, measureAppend } from '../support/append.ts';
import { withS3 } from '../support/servers.ts';

const memoryLimitMebibytes = 96;

export const memory: Benchmark = {
  name: 'memory',
  what: 'append N/50, N/5 and N rows to S3 at a limit of 96 MiB: peak RSS, and that it is flat',
  defaultRows: 50_000_000,
  async *run({ rows, log }) {
    const figures = await withS3(async (s3) => {
      const measured: [number, MeasuredAppend][] = [];
      for (const size of [rows / 50, rows / 5, rows].map(Math.round)) {
        log(`${size.toLocaleString('en-US')} rows …`);
        const job = { ...s3.target(`memory-${size}`), source: { generatedRows: size }, memoryLimitMebibytes };
        measured.push([size, await measureAppend(job)]);
      }
      return measured;
    });
    for (const [size, result] of figures) yield* describeRun(size, result);
    const growth = figures.map(([, result]) => result.peakRssBytes - result.idleRssBytes);
    const [first = 0, last = 0] = [growth[0], growth.at(-1)];
    yield { name: 'peak RSS growth, most rows against fewest', value: last / first, unit: '×', bar: { atMost: 1.1 } };
  },
};

function* describeRun(size: number, result: MeasuredAppend): Generator<Figure> {
  if (result.rows !== size) throw new Error(`${size} rows went in, ${result.rows} are in the table`);
  const label = `${size.toLocaleString('en-US')} rows`;
  const growth = (result.peakRssBytes - result.idleRssBytes) / 1e6;
  yield { name: `${label}: peak RSS growth over an idle process`, value: growth, unit: 'MB', bar: { atMost: 160 } };
  yield {
    name: `${label}: budget in use at the peak`,
    value: result.memoryPeakBytes / mebibyte,
    unit: 'MiB',
    bar: { atMost: memoryLimitMebibytes },
  };
  yield { name: `${label}: CPU`, value: result.cpuMs / 1000, unit: 's' };
  yield {
    name: `${label}: files`,
    value: result.files,
    unit: '',
    note: `${Math.round(result.bytes / 1e6)} MB`,
  };
}
