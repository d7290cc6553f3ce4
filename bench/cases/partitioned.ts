/** Unclustered rows to 100 partitions: the limit holds; small files are the price, and are reported. */
import { type Benchmark, measure, mebibyte, nodeCommand } from '../harness.ts';
import { withS3 } from '../support/servers.ts';

const limitMebibytes = 96;
const generator = new URL('../data/generate.ts', import.meta.url).pathname;
const appender = new URL('../child/append.ts', import.meta.url).pathname;

export const partitioned: Benchmark = {
  name: 'partitioned',
  what: 'append unclustered rows to 100 partitions on S3 at a limit of 96 MiB: memory, files and their size',
  defaultRows: 20_000_000,
  async *run({ rows }) {
    const result = await withS3((s3) => {
      const target = { s3: s3.properties, warehouse: s3.warehouse('partitioned') };
      const memoryLimitBytes = limitMebibytes * mebibyte;
      const job = {
        source: { stdin: true },
        target,
        partition: ['bucket(100, id)'],
        memoryLimitBytes,
        table: 'bench.rows',
      };
      const stdin = { command: [...nodeCommand, generator, String(rows)] };
      return measure([...nodeCommand, appender, JSON.stringify(job)], { stdin });
    });
    const peak = Number(result['memoryPeakBytes']) / mebibyte;
    yield { name: 'budget in use at the peak', value: peak, unit: 'MiB', bar: { atMost: limitMebibytes } };
    yield {
      name: 'peak RSS growth over an idle process',
      value: (result.peakRssBytes - result.idleRssBytes) / 1e6,
      unit: 'MB',
    };
    yield { name: 'CPU', value: result.cpuMs / 1000, unit: 's' };
    yield { name: 'files', value: Number(result['files']), unit: '' };
    yield { name: 'mean file', value: Number(result['bytes']) / Number(result['files']) / 1e6, unit: 'MB' };
    yield { name: 'rows lost', value: Math.abs(Number(result['rows']) - rows), unit: '', bar: { atMost: 0 } };
  },
};
