/**
 * Rows of one write into data files, partition by partition: one file each, or as many as the target size makes of it,
 * also where the rows of all partitions come mixed. When the row buffer is full, its rows are routed, all at once, and
 * written as a run, in the order of partition keys. When the source has ended, the runs are merged, and a partition's file is
 * finished before the next one is begun. Where all rows fit in the buffer there is no run. What is in a row group
 * follows from the rows and the options alone, as in `DataWriter`.
 */
import type { BareReader, Batch, ClusteredRows, Engine, PartitionTransform } from '../../engine/engine.ts';
import { IcestreamError } from '../../errors.ts';
import type { MemoryPlan } from '../memory-plan.ts';
import { DataFiles, type DataFilesOptions } from '../rows/data-files.ts';
import { PartitionBuffer } from '../rows/partition-buffer.ts';
import { inSteps, RowSteps } from '../rows/row-steps.ts';
import type { RowWriter } from '../rows/row-writer.ts';
import { chunkBytes, type MergePlan, runIsFull } from './merge-plan.ts';
import { OrderedRows } from './ordered-rows.ts';
import type { RunFiles } from './run-files.ts';
import { LabelReader } from './run-format.ts';
import { mergeDown, mergeRecords, type UseRecord } from './run-merge.ts';
import type { RunReader } from './run-reader.ts';
import { requireRunsFit } from './run-sizes.ts';
import type { Run, RunWriter } from './run-writer.ts';

/** So many records are read between two reports of what is held. */
const RECORDS_A_LOOK = 64;

export interface ClusteredWriterOptions extends DataFilesOptions {
  readonly engine: Pick<Engine, 'cluster' | 'concat'>;
  readonly plan: MemoryPlan;
  readonly merge: MergePlan;
  /** At least one. */
  readonly transforms: readonly PartitionTransform[];
  readonly runs: RunFiles;
  /** Called whenever what is held has changed much. */
  readonly onState?: () => void;
  readonly signal?: AbortSignal;
}

export class ClusteredWriter implements RowWriter {
  readonly #options: ClusteredWriterOptions;
  readonly #steps: RowSteps;
  /** Rows of all partitions, in the order they came. */
  readonly #waiting: PartitionBuffer;
  /** Of those, by `Batch.columnBytes`. */
  #columnBytes: number[] = [];
  readonly #files: DataFiles;
  /** Rows of the partition whose file is written, in the second pass. */
  #ordered: OrderedRows | null = null;
  /** In the order they were written. */
  readonly #runs: Run[] = [];
  #writing: RunWriter | null = null;
  #reading: readonly RunReader[] = [];
  /** Of the rows in runs. */
  #reader: BareReader | null = null;
  /** In runs, and not read back for a file yet. */
  #spilledRows = 0;

  constructor(options: ClusteredWriterOptions) {
    const { engine, merge } = options;
    this.#options = options;
    this.#steps = new RowSteps(merge.stepBytes, merge.stepRows);
    this.#waiting = new PartitionBuffer(engine);
    this.#files = new DataFiles(options);
  }

  get bufferedRowBytes(): number {
    return this.#waiting.bytes + (this.#ordered?.bytes ?? 0);
  }

  get bufferedRows(): number {
    return this.#waiting.rows + this.#spilledRows + (this.#ordered?.rows ?? 0);
  }

  get bufferedPartBytes(): number {
    return this.#files.bufferedBytes + (this.#writing?.bufferedBytes ?? 0);
  }

  get runBytes(): number {
    return this.#reading.reduce((sum, reader) => sum + reader.bufferedBytes, 0);
  }

  get threadBytes(): number {
    return this.#files.threadBytes;
  }

  get rowsWritten(): number {
    return this.#files.rowsWritten;
  }

  get encodedBytes(): number {
    return this.#files.encodedBytes;
  }

  get openFiles(): number {
    return this.#files.count;
  }

  write(batch: Batch): Promise<void> {
    const { onState } = this.#options;
    return inSteps(
      this.#steps,
      batch,
      (piece) => this.#wait(piece),
      async () => {
        onState?.();
        while (this.#waiting.rows > 0 && this.#isFull()) await this.#spillWaiting();
      },
    );
  }

  async finish(): Promise<readonly string[]> {
    if (this.#waiting.rows > 0) {
      using rows = this.#route();
      if (this.#runs.length === 0 && this.#waiting.rows === 0) await this.#writeAll(rows);
      else await this.#spill(rows);
    }
    while (this.#waiting.rows > 0) await this.#spillWaiting();
    if (this.#runs.length > 0) await this.#writeMerged();
    await this.#files.finish();
    return this.#options.runs.removeAll();
  }

  async abort(): Promise<readonly string[]> {
    this.#waiting.free();
    this.#ordered?.free();
    this.#reader?.free();
    const left = [...(await this.#files.abort())];
    if (this.#writing !== null) left.push(...(await this.#writing.abort()));
    return [...left, ...(await this.#options.runs.removeAll())];
  }

  /** Takes the batch over. */
  #wait(batch: Batch): void {
    const { byteLength, columnBytes } = batch;
    for (const [at, bytes] of columnBytes.entries()) this.#columnBytes[at] = (this.#columnBytes[at] ?? 0) + bytes;
    this.#waiting.push(batch, byteLength);
  }

  #isFull(): boolean {
    return runIsFull(this.#options.merge, { rows: this.#waiting.rows, columnBytes: this.#columnBytes });
  }

  /** Takes the rows that wait, by partition; those that would make too many slices wait on. */
  #route(): ClusteredRows {
    const { engine, transforms, merge } = this.#options;
    const { recordBytes: pieceBytes, mostSlices: mostTuples } = merge;
    const { rows, rest } = engine.cluster(this.#waiting.take(), transforms, { pieceBytes, mostTuples });
    this.#columnBytes = [];
    for (const batch of rest) this.#wait(batch);
    return rows;
  }

  async #spillWaiting(): Promise<void> {
    using rows = this.#route();
    await this.#spill(rows);
  }

  /** Writes the rows as one run. */
  async #spill(rows: ClusteredRows): Promise<void> {
    const { merge, runs, onState } = this.#options;
    this.#reader ??= rows.bareReader(merge.recordBytes);
    this.#writing = await runs.create();
    this.#spilledRows += rows.numRows;
    await this.#writing.write(rows);
    onState?.();
    this.#runs.push(await this.#writing.finish());
    this.#writing = null;
  }

  /** Writes the rows as data files. */
  async #writeAll(rows: ClusteredRows): Promise<void> {
    const ordered = this.#order(null);
    for (let slice = rows.takeSlice(); slice !== null; slice = rows.takeSlice()) {
      await ordered.addBatch(slice, slice.batch);
    }
    await ordered.finish();
  }

  /** The second pass. */
  async #writeMerged(): Promise<void> {
    const { merge, runs } = this.#options;
    await requireRunsFit(this.#runs, merge.fanIn, runs.mostBytes);
    await mergeDown(this.#runs, merge.fanIn, (some) => this.#mergeRuns(some));
    const ordered = this.#order(this.#reader);
    await this.#read(this.#runs, (record) => {
      this.#spilledRows -= record.head.rows;
      return ordered.addRecord(record);
    });
    await ordered.finish();
    ordered.free();
    if (this.#spilledRows === 0) return;
    throw new IcestreamError(
      'ROW_COUNT_MISMATCH',
      `${this.#spilledRows} rows of this write's temporary files were not read back; nothing is committed`,
    );
  }

  #order(reader: BareReader | null): OrderedRows {
    const { engine, merge, onState } = this.#options;
    const { rowGroupBytes } = merge;
    this.#ordered = new OrderedRows({ engine, files: this.#files, rowGroupBytes, reader, onState });
    return this.#ordered;
  }

  async #mergeRuns(some: readonly Run[]): Promise<Run> {
    const { runs } = this.#options;
    const writer = await runs.create();
    this.#writing = writer;
    await this.#read(some, (record) => writer.copy(record));
    const run = await writer.finish();
    this.#writing = null;
    await runs.remove(some);
    return run;
  }

  /** Uses the records of some runs, by key. */
  async #read(some: readonly Run[], use: UseRecord): Promise<void> {
    const { merge, runs, onState, signal } = this.#options;
    const size = chunkBytes(merge, some.length);
    // Runs come to the same keys together: were their chunks alike, all would be given back, and fetched, at once.
    const first = (at: number) => Math.ceil((size * (at + 1)) / some.length);
    const labels = new LabelReader();
    this.#reading = some.map((run, at) => runs.open(run, { chunkBytes: size, firstBytes: first(at), labels }));
    let count = 0;
    let ended = false;
    try {
      await mergeRecords(this.#reading, (record) => {
        signal?.throwIfAborted();
        if (count++ % RECORDS_A_LOOK === 0) onState?.();
        return use(record);
      });
      ended = true;
    } finally {
      if (!ended) runs.stop();
      await Promise.all(this.#reading.map((reader) => reader.close()));
      this.#reading = [];
    }
  }
}
