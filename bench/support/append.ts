/** The command line of the built package in a process of its own: what a user runs is what is measured. */
import { type Measured, measure } from '../harness.ts';
import { build } from './built.ts';

const usage = new URL('../child/report-usage.mjs', import.meta.url).href;
const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
const generator = new URL('../data/generate.ts', import.meta.url).pathname;

export interface AppendJob {
  /** A file, or this many generated rows as an Arrow stream on standard input. */
  readonly source: { readonly file: string } | { readonly generatedRows: number };
  readonly warehouse: string;
  /** By PyIceberg's names. */
  readonly properties: Readonly<Record<string, string>>;
  readonly memoryLimitMebibytes: number;
  readonly partition?: string | undefined;
  /** One file a partition, with temporary files in this folder. */
  readonly clusterBy?: { readonly spillFolder: string } | undefined;
}

export interface MeasuredAppend extends Measured {
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
  readonly memoryPeakBytes: number;
}

/** Creates a table from the source, zstd level 1. */
export async function measureAppend(job: AppendJob): Promise<MeasuredAppend> {
  await build();
  const fromFile = 'file' in job.source;
  const args = [
    ...['append', 'file' in job.source ? job.source.file : '-', '--table', 'bench.rows', '--create', '--json'],
    ...['--warehouse', job.warehouse, '--memory-limit', `${job.memoryLimitMebibytes}MiB`],
    ...['--table-property', 'write.parquet.compression-level=1'],
    ...(job.partition === undefined ? [] : ['--partition', job.partition]),
    ...(job.clusterBy === undefined ? [] : ['--distribution-mode', 'hash', '--spill-dir', job.clusterBy.spillFolder]),
    ...Object.entries(job.properties).flatMap(([key, value]) => ['--property', `${key}=${value}`]),
  ];
  const stdin = 'file' in job.source ? undefined : { command: ['node', generator, String(job.source.generatedRows)] };
  const { result, usage: used } = await measure(
    ['node', '--import', usage, main, ...args],
    fromFile || stdin === undefined ? {} : { stdin },
  );
  const end = result as Readonly<Record<string, unknown>>;
  return {
    ...(used as Measured),
    rows: Number(end['rows']),
    files: Number(end['files']),
    bytes: Number(end['bytes']),
    memoryPeakBytes: Number(end['memoryPeakBytes']),
  };
}
