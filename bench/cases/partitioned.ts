/** Unclustered rows to 100 partitions, as they come and clustered: the limit holds; what files result is reported. */
import { join } from 'node:path';
import { type Benchmark, type Figure, mebibyte } from '../harness.ts';
import { type MeasuredAppend, measureAppend } from '../support/append.ts';
import { withS3 } from '../support/servers.ts';

const memoryLimitMebibytes = 96;

export const partitioned: Benchmark = {
  name: 'partitioned',
  what: 'append unclustered rows to 100 partitions on S3 at a limit of 96 MiB, as they come and clustered: memory and files',
  defaultRows: 20_000_000,
  async *run({ rows, scratch }) {
    const job = { source: { generatedRows: rows }, memoryLimitMebibytes, partition: 'bucket(100, id)' };
    const clusterBy = { spillFolder: join(scratch, 'spill') };
    const runs = await withS3(async (s3) => ({
      asTheyCome: await measureAppend({ ...job, ...s3.target('as-they-come') }),
      clustered: await measureAppend({ ...job, ...s3.target('clustered'), clusterBy }),
    }));
    yield* figures('as they come', rows, runs.asTheyCome);
    yield* figures('clustered', rows, runs.clustered);
  },
};

function* figures(label: string, rows: number, result: MeasuredAppend): Generator<Figure> {
  const peak = result.memoryPeakBytes / mebibyte;
  yield {
    name: `${label}: budget in use at the peak`,
    value: peak,
    unit: 'MiB',
    bar: { atMost: memoryLimitMebibytes },
  };
  yield {
    name: `${label}: peak RSS growth over an idle process`,
    value: (result.peakRssBytes - result.idleRssBytes) / 1e6,
    unit: 'MB',
  };
  yield { name: `${label}: CPU`, value: result.cpuMs / 1000, unit: 's' };
  yield { name: `${label}: files`, value: result.files, unit: '' };
  yield { name: `${label}: mean file`, value: result.bytes / result.files / 1e6, unit: 'MB' };
  yield { name: `${label}: rows lost`, value: Math.abs(result.rows - rows), unit: '', bar: { atMost: 0 } };
}
