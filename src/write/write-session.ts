/** What one write holds from its first byte to its last: engine, lease, counters, the source once it is open. */
import { defaultMemoryLimitBytes } from '#load-engine';
import { getEngine } from '../engine/default-engine.ts';
import { requireThreadCount, requireThreads } from '../engine/encode-threads.ts';
import type { Engine } from '../engine/engine.ts';
import { EngineCharge } from '../engine/engine-charge.ts';
import type { EncodeThreads } from '../engine/threads/threads.ts';
import { IcestreamError } from '../errors.ts';
import type { ExpectedSchema, OpenSource, RecordBatchSource } from '../source/source.ts';
import { requireName } from '../util/known-options.ts';
import { MemoryLease } from '../util/memory-budget.ts';
import { uuidV7 } from '../util/uuid.ts';
import type { World } from '../util/world.ts';
import { type LoadIdentity, requireCommitId } from './commit/commit-lookup.ts';
import { aborted } from './commit/commit-loop.ts';
import { requireWapId } from './commit/write-audit-publish.ts';
import { requireWriter } from './commit/writer-watermark.ts';
import { engineShareBytes, limitShares, plannedThreads, requireLeastLimit, writerShareBytes } from './memory-plan.ts';
import {
  requireSpillPlace,
  type SpillPlace,
  type WriteOptions,
  type WriteResult,
  type WriterPosition,
} from './write-options.ts';
import { ProgressMeter } from './write-progress.ts';

export class WriteSession implements AsyncDisposable {
  readonly world: World;
  readonly options: WriteOptions;
  readonly commitId: string;
  readonly writer: WriterPosition | null;
  readonly branch: string;
  /** Null: the snapshot becomes the head of its branch. */
  readonly wapId: string | null;
  readonly engine: Engine;
  /** The engine's part of `memoryPeakBytes`. */
  readonly engineCharge: EngineCharge;
  /** Of the writer's own share. */
  readonly lease: MemoryLease;
  /** `memoryLimitBytes`. */
  readonly limitBytes: number;
  readonly meter: ProgressMeter;
  /** What encodes; 1: the caller's own thread. */
  readonly threads: number | EncodeThreads;
  /** Null: beside the table's data files. */
  readonly spill: SpillPlace | null;

  private constructor(
    world: World,
    options: WriteOptions,
    { commitId, writer, branch, wapId }: LoadIdentity,
    engine: Engine,
    lease: MemoryLease,
    limitBytes: number,
  ) {
    this.world = world;
    this.options = options;
    this.engine = engine;
    this.engineCharge = new EngineCharge(engine, engineShareBytes(lease.limitBytes));
    this.lease = lease;
    this.limitBytes = limitBytes;
    this.commitId = commitId;
    this.writer = writer;
    this.branch = branch;
    this.wapId = wapId;
    this.meter = new ProgressMeter(world, options.onProgress);
    this.threads = options.threads ?? 1;
    this.spill = options.spill === undefined ? null : requireSpillPlace(options.spill);
  }

  /** @throws TypeError for an option that cannot be; IcestreamError ABORTED, MEMORY_LIMIT_TOO_SMALL. */
  static async begin(world: World, options: WriteOptions): Promise<WriteSession> {
    if (options.signal?.aborted === true) throw aborted(options.signal);
    const identity = identityOf(world, options);
    const threads = threadsOf(options);
    const limit =
      options.memoryLimitBytes ?? Math.min(usualLimitBytes(threads), options.budget?.limitBytes ?? Infinity);
    if (!(Number.isSafeInteger(limit) && limit > 0)) {
      throw new TypeError(`memoryLimitBytes must be a whole number of bytes, not ${limit}`);
    }
    if (typeof threads !== 'number') requireShare(threads, limit);
    const planned = plannedThreads(threads);
    if (options.engine === undefined) requireLeastLimit(limit, planned);
    const share = writerShareBytes(limit, planned);
    const engine = options.engine ?? (await getEngine({ memoryLimitBytes: engineShareBytes(share) }));
    const whole = await options.budget?.acquire(limit, options.signal);
    const lease = new MemoryLease(share, () => whole?.release(), limitShares(planned));
    return new WriteSession(world, options, identity, engine, lease, limit);
  }

  get signal(): AbortSignal | undefined {
    return this.options.signal;
  }

  /** Opens the source; `expected` gives types to sources that would guess them. */
  async open(source: RecordBatchSource, expected: ExpectedSchema | undefined): Promise<OpenSource> {
    const { meter, signal, options } = this;
    meter.totalBytes = source.sizeBytes;
    meter.tick('open');
    const opened = await source.open({
      engine: this.engine,
      lease: this.lease,
      ...(expected === undefined ? {} : { expected }),
      ...(signal === undefined ? {} : { signal }),
      onBytesRead: (bytes) => {
        meter.bytesRead += bytes;
      },
      onReject: (rejects) => {
        meter.rejectedRows += rejects.length;
        options.onReject?.(rejects);
      },
    });
    meter.totalBytes = source.sizeBytes;
    meter.totalRows = opened.totalRows;
    if (opened.schema.fields.length === 0) {
      await opened[Symbol.asyncDispose]();
      throw new IcestreamError('SOURCE_EMPTY', `${source.name} has no columns, so there is nothing to write`, {
        file: source.name,
      });
    }
    return opened;
  }

  /** The result's fields that the session knows; the end of the write's progress. */
  result(
    facts: Pick<WriteResult, 'snapshotId' | 'alreadyCommitted' | 'rows' | 'files' | 'bytes' | 'retries'> &
      Partial<Pick<WriteResult, 'commitId' | 'writerSequence' | 'leftBehind'>>,
  ): WriteResult {
    this.meter.sampleMemory(this.engineCharge.bytes, this.lease);
    this.meter.tick('done');
    return {
      commitId: this.commitId,
      writerSequence: this.writer?.sequence ?? null,
      leftBehind: [],
      ...facts,
      rejectedRows: this.meter.rejectedRows,
      elapsedMs: this.meter.elapsedMs,
      memoryPeakBytes: this.meter.memoryPeakBytes,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.lease.release();
  }
}

/** @throws TypeError for a number that cannot be; IcestreamError UNSUPPORTED where the runtime has no threads. */
function threadsOf({ threads = 1, encoder }: WriteOptions): number | EncodeThreads {
  if (typeof threads !== 'object' && requireThreadCount(threads) === 1) return threads;
  if (encoder !== undefined) throw new TypeError("threads run the engine's own encoder; leave out threads or encoder");
  requireThreads();
  return threads;
}

/** As much for each thread as for the writer; of threads that are the caller's, what one of them has. */
function usualLimitBytes(threads: number | EncodeThreads): number {
  if (typeof threads !== 'number') return Math.min(defaultMemoryLimitBytes, threads.shareBytes);
  return threads === 1 ? defaultMemoryLimitBytes : defaultMemoryLimitBytes * (threads + 1);
}

/** @throws IcestreamError MEMORY_LIMIT_TOO_SMALL when each of the threads has less than the write itself. */
function requireShare({ count, shareBytes }: EncodeThreads, limitBytes: number): void {
  if (shareBytes >= limitBytes) return;
  throw new IcestreamError(
    'MEMORY_LIMIT_TOO_SMALL',
    `the write plans with memoryLimitBytes ${limitBytes} for each of the threads, which have ${shareBytes}; start the ` +
      `${count} with memoryLimitBytes of at least ${count * limitBytes}, or give the write at most ${shareBytes}`,
    { option: 'threads', neededBytes: count * limitBytes },
  );
}

/** @throws TypeError naming the option that cannot be. */
function identityOf(world: World, options: WriteOptions): LoadIdentity {
  const { commitId, writer, branch = 'main', wapId } = options;
  return {
    commitId: commitId === undefined ? uuidV7(world) : requireCommitId(commitId),
    writer: writer === undefined ? null : requireWriter(writer),
    branch: requireName('branch', branch),
    wapId: wapId === undefined ? null : requireWapId({ ...options, wapId }),
  };
}
