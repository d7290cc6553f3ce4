/** Unclustered rows to 100 partitions: the limit holds; small files are the price, and are reported. */
import { type Benchmark, mebibyte } from '../harness.ts';
import { measureAppend } from '../support/append.ts';
import { withS3 } from '../support/servers.ts';

const memoryLimitMebibytes = 96;

export const partitioned: Benchmark = {
  name: 'partitioned',
  what: 'append unclustered rows to 100 partitions on S3 at a limit of 96 MiB: memory, files and their size',
  defaultRows: 20_000_000,
  async *run({ rows }) {
    const partition = 'bucket(100, id)';
    const source = { generatedRows: rows };
    const result = await withS3((s3) =>
      measureAppend({ ...s3.target('partitioned'), source, memoryLimitMebibytes, partition }),
    );
    const peak = result.memoryPeakBytes / mebibyte;
    yield { name: 'budget in use at the peak', value: peak, unit: 'MiB', bar: { atMost: memoryLimitMebibytes } };
    yield {
      name: 'peak RSS growth over an idle process',
      value: (result.peakRssBytes - result.idleRssBytes) / 1e6,
      unit: 'MB',
    };
    yield { name: 'CPU', value: result.cpuMs / 1000, unit: 's' };
    yield { name: 'files', value: result.files, unit: '' };
    yield { name: 'mean file', value: result.bytes / result.files / 1e6, unit: 'MB' };
    yield { name: 'rows lost', value: Math.abs(result.rows - rows), unit: '', bar: { atMost: 0 } };
  },
};
