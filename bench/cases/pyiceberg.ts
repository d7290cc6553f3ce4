/** The same Parquet file to the same S3 server, by icestream and by PyIceberg. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { paths } from '../../test/support/kit/home.ts';
import { install } from '../../test/support/kit/install.ts';
import { type Benchmark, type Measured, measure } from '../harness.ts';
import { measureAppend } from '../support/append.ts';
import { writeParquet } from '../support/parquet-file.ts';
import { withS3 } from '../support/servers.ts';

const memoryLimitMebibytes = 96;
const turns = 3;
const peer = 'PyIceberg 0.12';
/**
 * Both have 256 partitions. The peer splits rows by itself, field by field: two fields cost it twice as much. It writes
 * 256 files, as a clustered load does, and that is what the bar compares; a load of rows as they come makes more.
 */
const partitionings = [
  { label: 'bucket(256, id)', partition: 'bucket(256, id)', theirs: { buckets: 256 }, cpuBar: undefined },
  {
    label: 'cat, bucket(16, id)',
    partition: 'cat, bucket(16, id)',
    theirs: { buckets: 16, byCategory: true },
    cpuBar: 1 / 6,
  },
] as const;
const peerScript = new URL('../child/pyiceberg_append.py', import.meta.url).pathname;

export const pyiceberg: Benchmark = {
  name: 'pyiceberg',
  what: 'append one Parquet file to S3, unpartitioned and into 256 partitions, as rows come and clustered, against PyIceberg; the best of three turns',
  defaultRows: 10_000_000,
  async *run({ rows, scratch, log }) {
    await install(['readers'], log);
    const file = join(scratch, 'rows.parquet');
    log(`writing ${rows.toLocaleString('en-US')} rows of Parquet …`);
    await writeParquet(file, rows);
    const runs = await withS3(async (s3) => {
      let count = 0;
      const ours = (what: string, partition?: string, clusterBy?: { spillFolder: string }) => {
        log(`icestream, ${what} …`);
        const target = s3.target(`ours-${++count}`);
        return measureAppend({ ...target, source: { file }, memoryLimitMebibytes, partition, clusterBy });
      };
      const theirs = async (what: string, partitioning = {}): Promise<Load> => {
        log(`PyIceberg, ${what} …`);
        const name = `theirs-${++count}`;
        const folder = join(scratch, name);
        await mkdir(folder);
        const { warehouse, properties } = s3.target(name);
        const job = JSON.stringify({ s3: properties, warehouse, scratch: folder, ...partitioning });
        return (await measure([paths.python(), peerScript, file, job])).result as unknown as Load;
      };
      const spillFolder = join(scratch, 'spill');
      const plain = 'unpartitioned';
      const runs: Run[] = [];
      // In turns, so that what else the machine does hits both.
      for (let turn = 0; turn < turns; turn++) {
        runs.push({ label: plain, cpuBar: 1, ours: await ours(plain), theirs: await theirs(plain) });
        for (const { label, partition, theirs: partitioning, cpuBar } of partitionings) {
          const peers = await theirs(label, partitioning);
          runs.push({ label, ours: await ours(label, partition), theirs: peers });
          const clustered = `${label}, clustered (hash)`;
          runs.push({
            label: clustered,
            cpuBar,
            ours: await ours(clustered, partition, { spillFolder }),
            theirs: peers,
          });
        }
      }
      return runs;
    });
    for (const turnsOfOne of Map.groupBy(runs, ({ label }) => label).values()) yield* compare(turnsOfOne, rows);
  },
};

/** What both report. */
interface Load extends Measured {
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
}

interface Run {
  readonly label: string;
  /** Of the peer's, at most. */
  readonly cpuBar?: number | undefined;
  readonly ours: Load;
  readonly theirs: Load;
}

/** The turn that took the least CPU, of both. Of memory the most of ours counts, and the least of theirs. */
function best(runs: readonly Run[]): Run {
  const [first] = runs;
  if (first === undefined) throw new Error('nothing was measured');
  const least = (loads: readonly Load[], rssOf: (...all: number[]) => number): Load => ({
    ...loads.reduce((a, b) => (b.cpuMs < a.cpuMs ? b : a)),
    peakRssBytes: rssOf(...loads.map((load) => load.peakRssBytes)),
  });
  const [ours, theirs] = [runs.map((run) => run.ours), runs.map((run) => run.theirs)];
  return { ...first, ours: least(ours, Math.max), theirs: least(theirs, Math.min) };
}

function* compare(turnsOfOne: readonly Run[], rows: number) {
  const { label, cpuBar, ours, theirs } = best(turnsOfOne);
  for (const run of [ours, theirs]) {
    if (run.rows !== rows) throw new Error(`${label}: ${rows} rows went in, ${run.rows} are in the table`);
  }
  yield { name: `${label}: CPU`, value: ours.cpuMs / 1000, unit: 's', note: `${ours.files} files` };
  yield {
    name: `${label}: CPU of the peer`,
    value: theirs.cpuMs / 1000,
    unit: 's',
    peer,
    note: `${theirs.files} files`,
  };
  yield {
    name: `${label}: CPU ratio`,
    value: ours.cpuMs / theirs.cpuMs,
    unit: '×',
    peer,
    ...(cpuBar === undefined ? {} : { bar: { atMost: cpuBar } }),
  };
  yield { name: `${label}: peak RSS`, value: ours.peakRssBytes / 1e6, unit: 'MB' };
  yield { name: `${label}: peak RSS of the peer`, value: theirs.peakRssBytes / 1e6, unit: 'MB', peer };
  yield {
    name: `${label}: memory ratio`,
    value: ours.peakRssBytes / theirs.peakRssBytes,
    unit: '×',
    peer,
    bar: { atMost: 1 / 6 },
  };
  yield {
    name: `${label}: bytes written, ratio`,
    value: ours.bytes / theirs.bytes,
    unit: '×',
    peer,
  };
}
