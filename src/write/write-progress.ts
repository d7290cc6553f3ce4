/** Counts what a write does and tells its caller, at most every 100 ms and once at the end. */
import type { MemoryLease } from '../util/memory-budget.ts';
import type { World } from '../util/world.ts';
import type { WriteProgress } from './write-options.ts';

const INTERVAL_MS = 100;

export class ProgressMeter {
  phase: WriteProgress['phase'] = 'open';
  rowsIn = 0;
  rowsWritten = 0;
  bytesRead = 0;
  bytesUploaded = 0;
  totalRows: number | null = null;
  totalBytes: number | null = null;
  openFiles = 0;
  filesWritten = 0;
  bufferedBytes = 0;
  rejectedRows = 0;
  readonly #world: Pick<World, 'now'>;
  readonly #report: ((progress: WriteProgress) => void) | undefined;
  readonly #startedMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;
  #peak = 0;

  constructor(world: Pick<World, 'now'>, report: ((progress: WriteProgress) => void) | undefined) {
    this.#world = world;
    this.#report = report;
    this.#startedMs = world.now();
  }

  get elapsedMs(): number {
    return this.#world.now() - this.#startedMs;
  }

  get memoryPeakBytes(): number {
    return this.#peak;
  }

  /** Notes what is held now: of wasm memory, and the buffers outside it. */
  sampleMemory(engineBytes: number, lease: MemoryLease): void {
    const { parts = 0, runs = 0, source = 0, manifests = 0, files = 0 } = lease.usage();
    this.#peak = Math.max(this.#peak, engineBytes + parts + runs + source + manifests + files);
  }

  /** Reports when it is time, or always for a new phase. */
  tick(phase: WriteProgress['phase'] = this.phase): void {
    const now = this.#world.now();
    const due = phase !== this.phase || now - this.#lastMs >= INTERVAL_MS;
    this.phase = phase;
    if (!due || this.#report === undefined) return;
    this.#lastMs = now;
    this.#report({
      phase,
      rowsIn: this.rowsIn,
      rowsWritten: this.rowsWritten,
      bytesRead: this.bytesRead,
      bytesUploaded: this.bytesUploaded,
      totalRows: this.totalRows,
      totalBytes: this.totalBytes,
      openFiles: this.openFiles,
      filesWritten: this.filesWritten,
      bufferedBytes: this.bufferedBytes,
      memoryPeakBytes: this.#peak,
    });
  }
}
