/** Where the runs of one write lie: noted before they may be visible, removed when they were read or the write fails. */
import type { Store } from '../../storage/store.ts';
import { release } from '../../util/release.ts';
import { Semaphore } from '../../util/semaphore.ts';
import type { MemoryPlan } from '../memory-plan.ts';
import { StagedUpload } from '../rows/staged-upload.ts';
import { StagedFiles } from '../staged-files.ts';
import { type RunBytes, RunReader, type RunReaderOptions } from './run-reader.ts';
import { type Run, RunWriter } from './run-writer.ts';

/** A Worker may have so many connections. */
const MOST_READS = 6;

export interface RunFilesOptions {
  readonly store: Store;
  /** A folder, without a slash at the end. */
  readonly folder: string;
  /** Unique part of their names. */
  readonly operationId: string;
  readonly plan: Pick<MemoryPlan, 'partSizeBytes' | 'partsInFlight'>;
  readonly signal?: AbortSignal;
}

export class RunFiles {
  readonly #options: RunFilesOptions;
  readonly #staged: StagedFiles;
  readonly #partSizeBytes: number;
  readonly #partSlots: Semaphore;
  readonly #readSlots = new Semaphore(MOST_READS);
  /** Ends reads that nobody waits for any more. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #count = 0;

  constructor(options: RunFilesOptions) {
    const { store, plan, signal } = options;
    this.#options = options;
    this.#staged = new StagedFiles(store);
    this.#partSizeBytes = Math.max(plan.partSizeBytes, store.capabilities.multipart?.minPartBytes ?? 0);
    this.#partSlots = new Semaphore(plan.partsInFlight * plan.partSizeBytes);
    this.#signal = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]);
  }

  /** Of one run. */
  get mostBytes(): number {
    return this.#partSizeBytes * (this.#options.store.capabilities.multipart?.maxParts ?? Number.POSITIVE_INFINITY);
  }

  /**
   * A new run. No part of its name is hidden from listings (`_`, `.`): should it ever stay behind, removing orphan files
   * finds it as it finds data files.
   */
  async create(): Promise<RunWriter> {
    const { store, folder, operationId } = this.#options;
    const location = `${folder}/00000-0-${operationId}-${String(++this.#count).padStart(5, '0')}.run`;
    const upload = await store.openUpload(location, {
      partSizeBytes: this.#partSizeBytes,
      partSlots: this.#partSlots,
      contentType: 'application/octet-stream',
      signal: this.#signal,
    });
    return new RunWriter(new StagedUpload(upload, this.#staged));
  }

  open(run: Run, options: RunReaderOptions): RunReader {
    return new RunReader(run, this.#bytesOf(run.location), options);
  }

  /** Ends reads and uploads that are under way: they reject. */
  stop(): void {
    this.#stop.abort();
  }

  /** Removes runs that were read; what cannot be removed now is tried again at the end. */
  async remove(runs: readonly Run[]): Promise<void> {
    await this.#staged.remove(runs.map((run) => run.location));
  }

  /** Ends what is under way and removes all runs; returns those that are still there. Never throws. */
  async removeAll(): Promise<readonly string[]> {
    this.stop();
    return this.#staged.remove();
  }

  #bytesOf(location: string): RunBytes {
    const { store } = this.#options;
    const signal = this.#signal;
    const slot = async <T>(read: () => Promise<T>) => {
      const done = await this.#readSlots.acquire(signal);
      try {
        return await read();
      } finally {
        done();
      }
    };
    const opened = store.openReader?.(location, { signal });
    opened?.catch(() => {}); // thrown by who reads
    return {
      async read(start, end, spare) {
        if (opened === undefined) {
          if (spare !== undefined) release(spare);
          return slot(() => store.read(location, { start, end }, { signal }));
        }
        const reader = await opened;
        const bytes = end - start;
        const into = spare !== undefined && spare.length >= bytes ? spare : new Uint8Array(bytes);
        return slot(async () => into.subarray(0, await reader.readInto(into.subarray(0, bytes), start)));
      },
      async close() {
        const reader = await opened?.catch(() => undefined);
        await reader?.close();
      },
    };
  }
}
