/** Options and progress of scans. */
import type { Engine } from '../engine/engine.ts';
import { type OptionNames, requireKnownOptions, requireNames } from '../util/known-options.ts';
import type { MemoryBudget } from '../util/memory-budget.ts';

export interface ScanProgress {
  /** Rows given to the caller. */
  readonly rows: number;
  readonly filesRead: number;
  /** Of data files; manifests are not counted. */
  readonly bytesRead: number;
  /**
   * The most that was held, the engine's memory included, of which an earlier operation may have left much: up to this
   * scan's share of the engine it counts as this one's, beyond that only what was added or in use meanwhile.
   */
  readonly memoryPeakBytes: number;
}

/** How rows are read; what is read is `ScanOptions`. */
export interface ReadOptions {
  /** Most rows of a batch. Default 8,192; batches of wide rows have fewer. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
  /** Bytes this scan may hold, wasm included. Default: the runtime's (64 MiB in Workers, 256 MiB elsewhere). */
  readonly memoryLimitBytes?: number;
  /** The isolate's budget, from which `memoryLimitBytes` is taken as one lease. Default: a lease of its own. */
  readonly budget?: MemoryBudget;
  /** At most every 100 ms, and once at the end. */
  readonly onProgress?: (progress: ScanProgress) => void;
  /** Default: the isolate's shared engine. */
  readonly engine?: Engine;
}

/** Of `snapshotId`, `ref` and `asOf` at most one; default: the current snapshot. */
export interface ScanOptions extends ReadOptions {
  /** Top-level columns, in the order wanted. Default: all. Of the data files only these are fetched. */
  readonly select?: readonly string[];
  /** Most rows. Default: all. Files and row groups that it does not need are not fetched. */
  readonly limit?: number;
  readonly snapshotId?: bigint;
  /** A branch or a tag. */
  readonly ref?: string;
  /** The snapshot that was current then; a number is in milliseconds since the epoch. */
  readonly asOf?: Date | number;
}

export const DEFAULT_BATCH_SIZE = 8192;

const READ_OPTIONS: OptionNames<ReadOptions> = {
  batchSize: true,
  signal: true,
  memoryLimitBytes: true,
  budget: true,
  onProgress: true,
  engine: true,
};

const SCAN_OPTIONS: OptionNames<ScanOptions> = {
  select: true,
  limit: true,
  snapshotId: true,
  ref: true,
  asOf: true,
  ...READ_OPTIONS,
};

const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['filter', 'scans do not filter yet, so filter the rows that they give'],
  ['where', 'scans do not filter yet, so filter the rows that they give'],
  ['columns', 'the columns are named by select'],
]);

/** @throws TypeError naming the option at fault. */
export function checkReadOptions(options: ReadOptions): void {
  requireKnownOptions('readTask', options, READ_OPTIONS);
  requireReadSizes(options);
}

/** @throws TypeError naming the option at fault. */
export function checkScanOptions(options: ScanOptions): void {
  requireKnownOptions('scan', options, SCAN_OPTIONS, (name) => INSTEAD.get(name));
  requireReadSizes(options);
  requireNames('select', options.select);
  requireWhole('limit', options.limit, 0);
  const given = (['snapshotId', 'ref', 'asOf'] as const).filter((name) => options[name] !== undefined);
  if (given.length > 1) throw new TypeError(`${given.join(' and ')} each choose a snapshot: give one of them`);
  if (options.snapshotId !== undefined && typeof options.snapshotId !== 'bigint') {
    throw new TypeError(`snapshotId must be a bigint, not ${typeof options.snapshotId}: numbers lose digits of it`);
  }
  if (options.asOf !== undefined && !Number.isFinite(Number(options.asOf))) {
    throw new TypeError('asOf must be a Date or milliseconds since the epoch');
  }
}

function requireReadSizes(options: ReadOptions): void {
  requireWhole('batchSize', options.batchSize, 1);
  requireWhole('memoryLimitBytes', options.memoryLimitBytes, 1);
}

function requireWhole(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
  throw new TypeError(`${name} must be a whole number of at least ${least}, not ${value}`);
}
