/**
 * Rows of one write into data files, partition by partition: one file each, or as many as the target size makes of it,
 * also where the rows of all partitions come mixed. When the row buffer is full, its rows are routed, all at once, and
 * written as a run, in the order of partition keys. When the source has ended, the runs are merged, and a partition's file is
 * finished before the next one is begun. Where all rows fit in the buffer there is no run. What is in a row group
 * follows from the rows and the options alone, as in `DataWriter`.
 */
import type { BareReader, Batch, Engine, PartitionSlice, PartitionTransform } from '../../engine/engine.ts';
import { IcestreamError } from '../../errors.ts';
import type { MemoryPlan } from '../memory-plan.ts';
import { inPieces } from '../rows/batch-pieces.ts';
import { DataFiles, type DataFilesOptions, MAX_ROW_GROUP_ROWS } from '../rows/data-files.ts';
import { PartitionBuffer } from '../rows/partition-buffer.ts';
import type { PartitionId } from '../rows/partition-router.ts';
import { inSteps, RowSteps } from '../rows/row-steps.ts';
import type { RowWriter } from '../rows/row-writer.ts';
import { chunkBytes, type MergePlan, runIsFull } from './merge-plan.ts';
import type { RunFiles } from './run-files.ts';
import { damagedRun, LabelReader, type RunRecord } from './run-format.ts';
import { mergeDown, mergedRecords } from './run-merge.ts';
import type { RunReader } from './run-reader.ts';
import type { Run, RunWriter } from './run-writer.ts';

/** Records above this are not joined before they are encoded. */
const SMALL_RECORD_BYTES = 8 * 1024;
/** So many records are read between two reports of what is held. */
const RECORDS_A_LOOK = 64;

export interface ClusteredWriterOptions extends DataFilesOptions {
  readonly engine: Pick<Engine, 'partition' | 'concat'>;
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
  readonly #buffer: PartitionBuffer;
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
    this.#buffer = new PartitionBuffer(engine, SMALL_RECORD_BYTES);
  }

  get bufferedRowBytes(): number {
    return this.#waiting.bytes + this.#buffer.bytes;
  }

  get bufferedRows(): number {
    return this.#waiting.rows + this.#spilledRows + this.#buffer.rows;
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
        while (this.#waiting.rows > 0 && this.#isFull()) await this.#spill(this.#route());
      },
    );
  }

  async finish(): Promise<readonly string[]> {
    let slices = this.#route();
    if (this.#runs.length > 0 || this.#waiting.rows > 0) {
      for (; slices.length > 0; slices = this.#route()) await this.#spill(slices);
      await this.#writeMerged();
    } else {
      for (const { partition, batches } of this.#byPartition(slices)) {
        for (const batch of batches) await this.#add(partition, batch);
        await this.#encode(partition, true);
      }
    }
    await this.#files.finish();
    return this.#options.runs.removeAll();
  }

  async abort(): Promise<readonly string[]> {
    this.#waiting.free();
    this.#buffer.free();
    this.#reader?.free();
    const left = [...(await this.#files.abort())];
    if (this.#writing !== null) left.push(...(await this.#writing.abort()));
    return [...left, ...(await this.#options.runs.removeAll())];
  }

  /** Takes the batch over; returns its size. */
  #wait(batch: Batch): number {
    const { byteLength, columnBytes } = batch;
    for (const [at, bytes] of columnBytes.entries()) this.#columnBytes[at] = (this.#columnBytes[at] ?? 0) + bytes;
    this.#waiting.push(batch, byteLength);
    return byteLength;
  }

  #isFull(): boolean {
    return runIsFull(this.#options.merge, { rows: this.#waiting.rows, columnBytes: this.#columnBytes });
  }

  /** Takes the rows that wait, by partition; those that would make too many slices wait on. */
  #route(): readonly PartitionSlice[] {
    const { engine, transforms, merge } = this.#options;
    const { slices, rest } = engine.partition(this.#waiting.take(), transforms, merge.mostSlices);
    this.#columnBytes = [];
    for (const batch of rest) this.#wait(batch);
    return slices;
  }

  /** Slices in the order of partition keys; a partition's rows, in batches of at most the size of a record. */
  *#byPartition(
    slices: readonly PartitionSlice[],
  ): Generator<{ readonly partition: PartitionId; readonly batches: Iterable<Batch> }> {
    const { engine, merge } = this.#options;
    for (const same of byKey(slices)) {
      const batches = same.map(({ batch }) => batch);
      const [rows, bytes] = [sumOf(batches, (batch) => batch.numRows), sumOf(batches, (batch) => batch.byteLength)];
      // The same for the same rows, however they came in batches.
      const pieceRows = Math.max(1, Math.floor((rows * merge.recordBytes) / Math.max(1, bytes)));
      const [partition] = same;
      if (partition !== undefined) yield { partition, batches: inPieces(engine, batches, pieceRows) };
    }
  }

  /** Writes the slices as one run. */
  async #spill(slices: readonly PartitionSlice[]): Promise<void> {
    const { runs, onState } = this.#options;
    try {
      this.#writing = await runs.create();
    } catch (error) {
      for (const { batch } of slices) batch.free();
      throw error;
    }
    for (const { partition, batches } of this.#byPartition(slices)) {
      for (const batch of batches) {
        using rows = batch;
        this.#reader ??= rows.bareReader();
        this.#spilledRows += rows.numRows;
        await this.#writing.writeRows(partition, rows);
      }
    }
    onState?.();
    this.#runs.push(await this.#writing.finish());
    this.#writing = null;
  }

  /** The second pass. */
  async #writeMerged(): Promise<void> {
    const { merge } = this.#options;
    const reader = this.#reader;
    if (reader === null) return;
    await mergeDown(this.#runs, merge.fanIn, (some) => this.#mergeRuns(some));
    let current: PartitionId | null = null;
    for await (const record of this.#records(this.#runs)) {
      if (current !== null && current.key !== record.partition.key) await this.#encode(current, true);
      current = record.partition;
      this.#spilledRows -= record.head.rows;
      await this.#add(current, this.#fromBare(reader, record));
    }
    if (current !== null) await this.#encode(current, true);
    reader.free();
    if (this.#spilledRows === 0) return;
    throw new IcestreamError(
      'ROW_COUNT_MISMATCH',
      `${this.#spilledRows} rows of this write's temporary files were not read back; nothing is committed`,
    );
  }

  #fromBare(reader: BareReader, { location, head, pieces }: RunRecord): Batch {
    try {
      return reader.read(head, pieces);
    } catch (error) {
      if (!(error instanceof IcestreamError) || error.code !== 'SOURCE_CORRUPT') throw error;
      throw damagedRun(location, 'rows have changed');
    }
  }

  async #mergeRuns(some: readonly Run[]): Promise<Run> {
    const { runs } = this.#options;
    const writer = await runs.create();
    this.#writing = writer;
    for await (const record of this.#records(some)) await writer.copy(record);
    const run = await writer.finish();
    this.#writing = null;
    await runs.remove(some);
    return run;
  }

  /** The records of some runs, by key. */
  async *#records(some: readonly Run[]): AsyncGenerator<RunRecord, void, undefined> {
    const { merge, runs, onState, signal } = this.#options;
    const size = chunkBytes(merge, some.length);
    // Runs come to the same keys together: were their chunks alike, all would be given back, and fetched, at once.
    const first = (at: number) => Math.ceil((size * (at + 1)) / some.length);
    const labels = new LabelReader();
    this.#reading = some.map((run, at) => runs.open(run, { chunkBytes: size, firstBytes: first(at), labels }));
    let count = 0;
    let ended = false;
    try {
      for await (const record of mergedRecords(this.#reading)) {
        signal?.throwIfAborted();
        if (count++ % RECORDS_A_LOOK === 0) onState?.();
        yield record;
      }
      ended = true;
    } finally {
      if (!ended) runs.stop();
      await Promise.all(this.#reading.map((reader) => reader.close()));
      this.#reading = [];
    }
  }

  /** Takes the batch over, once the rows before it are encoded where it would make too large a row group of them. */
  async #add(partition: PartitionId, batch: Batch): Promise<void> {
    const { rows, bytes } = this.#buffer;
    const added = batch.byteLength;
    const full = bytes + added > this.#options.merge.rowGroupBytes || rows + batch.numRows > MAX_ROW_GROUP_ROWS;
    try {
      if (full && rows > 0) await this.#encode(partition, false);
    } catch (error) {
      batch.free();
      throw error;
    }
    this.#buffer.push(batch, added);
  }

  /** Encodes the rows that wait; `last`: no more will come of this partition. */
  #encode(partition: PartitionId, last: boolean): Promise<void> {
    this.#options.onState?.();
    return this.#files.writeRowGroup(partition, this.#buffer.take(), last);
  }
}

/** Slices of one key together, in their order; those that were not asked for are freed. */
function* byKey(slices: readonly PartitionSlice[]): Generator<readonly PartitionSlice[]> {
  const sorted = slices.toSorted((a, b) => (a.key === b.key ? 0 : a.key < b.key ? -1 : 1));
  let at = 0;
  try {
    for (let first = sorted[0]; first !== undefined; first = sorted[at]) {
      const { key } = first;
      const start = at;
      while (sorted[at]?.key === key) at += 1;
      yield sorted.slice(start, at);
    }
  } finally {
    for (const { batch } of sorted.slice(at)) batch.free();
  }
}

function sumOf(batches: readonly Batch[], of: (batch: Batch) => number): number {
  return batches.reduce((sum, batch) => sum + of(batch), 0);
}
