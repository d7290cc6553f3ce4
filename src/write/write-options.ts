/** Options, progress and results that all writes share. */
import type { Encoder, EncoderOptions } from '../engine/encoder.ts';
import type { Engine } from '../engine/engine.ts';
import type { EncodeThreads } from '../engine/threads/threads.ts';
import type { RejectedRow } from '../source/rejects.ts';
import type { Store } from '../storage/store.ts';
import type { MemoryBudget } from '../util/memory-budget.ts';

export interface WriteProgress {
  readonly phase: 'open' | 'write' | 'commit' | 'done';
  readonly rowsIn: number;
  readonly rowsWritten: number;
  readonly bytesRead: number;
  readonly bytesUploaded: number;
  /** When the source knows them. */
  readonly totalRows: number | null;
  readonly totalBytes: number | null;
  readonly openFiles: number;
  readonly filesWritten: number;
  readonly bufferedBytes: number;
  /** As in the result, so far. */
  readonly memoryPeakBytes: number;
}

/** A load's place in the order of one writer's loads. */
export interface WriterPosition {
  /** Of the pipeline, the same in every run; 1 to 256 characters. Each id and branch is one table property, for ever. */
  readonly id: string;
  /** 0 to 2^63 - 1; each load has a higher one than the load before it. */
  readonly sequence: bigint;
}

/** Iceberg's names; see `WriteOptions.distributionMode`. */
export type DistributionMode = 'none' | 'hash' | 'range';

/** A folder of a store for the temporary files of a write. */
export interface SpillPlace {
  readonly store: Store;
  /** A location of that store, such as `file:///var/tmp`. */
  readonly location: string;
}

export interface WriteOptions {
  /** At most every 100 ms, and once at the end. */
  readonly onProgress?: (progress: WriteProgress) => void;
  /** Ends the write with ABORTED, and the source with it: its streams are cancelled, also those that were not opened yet. */
  readonly signal?: AbortSignal;
  /**
   * Bytes this write may hold, wasm included. Default: the runtime's (64 MiB in Workers, 256 MiB elsewhere), as
   * much again for each of two or more `threads` that it starts. What the
   * table's properties ask for is an upper bound: small limits give smaller row groups, and files that end earlier
   * (at 96 MiB: row groups of 16 MiB of rows, about 20 of them a file).
   */
  readonly memoryLimitBytes?: number;
  /**
   * Threads that encode while the caller's reads on: 2 or more start so many worker threads for the time of the write
   * (Node, Deno, Bun, browsers; UNSUPPORTED where there are none). They and the caller's thread share
   * `memoryLimitBytes` evenly, and the files are those of one thread with a limit of such a share, byte for byte: with
   * the default limit, which grows with the threads, the same files for any number of them. Threads of the caller's own
   * (`startEncodeThreads`) have memory of their own beside `memoryLimitBytes`, which is at most what one of them has
   * (MEMORY_LIMIT_TOO_SMALL), and the files are those of one thread with the same limit. They encode for one write at a
   * time (INVALID_ARGUMENT). Not with `encoder`. Default 1: the caller's thread encodes.
   */
  readonly threads?: number | EncodeThreads;
  /**
   * How the rows of a partitioned table get to their files, where they come unclustered. `none`: as they come; where
   * partitions are more than memory holds, each gets many small files. `hash`: one file for each partition, or as many
   * as the target size makes of it; rows that the memory limit does not hold go to temporary files first, and keep their
   * order within a partition. `range` asks for the table's sort order too, which is not applied: the same as `hash`.
   * Tables without partitions are written as they come. Default: the table property `write.distribution-mode`, else
   * `none` (Spark's default is `hash`): a load writes nothing besides its files unless it is told to.
   */
  readonly distributionMode?: DistributionMode;
  /**
   * Where `hash` keeps its temporary files: as many bytes as the rows take without compression. They are removed before
   * the commit, and after a failure. Default: beside the table's data files, in the table's store.
   */
  readonly spill?: SpillPlace;
  /** The isolate's budget, from which `memoryLimitBytes` is taken as one lease. Default: a lease of its own. */
  readonly budget?: MemoryBudget;
  /** The branch to commit to, 1 to 256 characters. Default `main`; a branch that does not exist starts at `main`. */
  readonly branch?: string;
  /**
   * Write-audit-publish: the snapshot is only staged, under this id (`wap.id` in its summary). No branch moves, and no
   * reader sees the rows until someone publishes it (Spark: `CALL system.publish_changes`). The table must have
   * `write.wap.enabled`; an id, of 1 to 256 characters, stands for one snapshot; not with `branch` (the other way to audit) or `writer`.
   */
  readonly wapId?: string;
  /**
   * UUIDv7: exactly once, per table. A second call with the same id returns the first result instead of writing again.
   * It reads its source to prove that it carries the same data, else it is refused. With the same options the file
   * bytes are compared; with other memory limits, encodings, table properties or a new partitioning, the columns, the
   * counts of rows, nulls and NaNs of each, and the bounds of whole numbers, dates and times. Another `branch` is
   * refused, and so is the id of `append` in `addFiles`; `snapshotProperties` are not compared.
   */
  readonly commitId?: string;
  /**
   * Exactly once by number: the highest sequence of each writer is kept as a table property
   * (`icestream.writer.<id>.sequence`), set in the commit that adds the rows. A load whose sequence is not above it is
   * answered as done, without reading the source. Unlike `commitId` it needs no history, and also marks loads without
   * rows. Loads of one writer must come in order; a branch other than `main` has watermarks of its own. Removing the
   * property forgets them.
   */
  readonly writer?: WriterPosition;
  /** Added to the snapshot summary; at most 65,536 characters, names and values together. */
  readonly snapshotProperties?: Readonly<Record<string, string>>;
  /** `addColumns`: columns the table lacks are added before the data is written. Default `none`: they are an error. */
  readonly schemaEvolution?: 'none' | 'addColumns';
  /** Parquet encodings; `compact` is smaller and faster but not read by every engine. Default `default`. */
  readonly encoding?: 'default' | 'compact';
  /** Receives the rows that `onBadRow: 'reject'` left out. */
  readonly onReject?: (rejects: readonly RejectedRow[]) => void;
  /** Default: the isolate's shared engine. */
  readonly engine?: Engine;
  /** Default: the engine's own encoder. */
  readonly encoder?: (options: EncoderOptions) => Encoder;
}

export interface WriteResult {
  /** Null: no rows were committed; or they were before, and the catalog no longer tells in which snapshot. */
  readonly snapshotId: bigint | null;
  /** Of the call that committed, where its snapshot can be seen. */
  readonly commitId: string;
  /**
   * True: an earlier call with this `commitId`, or with this sequence of the `writer` or a later one, had committed;
   * nothing was written by this one. `rows`, `files` and `bytes` are the earlier call's, 0 where its snapshot is not
   * seen any more.
   */
  readonly alreadyCommitted: boolean;
  /** The highest sequence of the `writer` that the table holds; null: none, or a call without one. */
  readonly writerSequence: bigint | null;
  readonly rows: bigint;
  readonly rejectedRows: number;
  readonly files: number;
  readonly bytes: bigint;
  /** Commits that were refused as conflicts and rebuilt. */
  readonly retries: number;
  /** Temporary files of a clustered write that could not be removed; no table names them. */
  readonly leftBehind: readonly string[];
  readonly elapsedMs: number;
  /**
   * The most that was held, the engine's memory included, of which an earlier operation may have left much: up to this
   * write's share of the engine it counts as this one's, beyond that only what was added or in use meanwhile.
   */
  readonly memoryPeakBytes: number;
}

/**
 * @param option What the folder was given as, for the message.
 * @throws TypeError for a folder that is not of the store.
 */
export function requireSpillPlace({ store, location }: SpillPlace, option = 'spill'): SpillPlace {
  const folder = location.replace(/\/+$/, '');
  if (store.serves(`${folder}/run`)) return { store, location: folder };
  throw new TypeError(`${option}.location ${JSON.stringify(location)} is not a folder of ${option}.store`);
}
