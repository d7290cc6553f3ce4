/**
 * Rows of one write into data files, in the order in which they come: routed to partitions, encoded when a row group
 * is due. Which rows share a row group and a file follows from the rows and the options alone: decisions fall at fixed
 * row numbers and look only at `Batch.byteLength` and `Upload.pendingBytes`.
 */
import type { Batch, Engine, PartitionTransform } from '../../engine/engine.ts';
import type { MemoryPlan } from '../memory-plan.ts';
import { DataFiles, type DataFilesOptions, MAX_ROW_GROUP_ROWS } from './data-files.ts';
import { MAX_ROUTED_ROWS, type Partition, PartitionRouter } from './partition-router.ts';
import { MAX_STEP_ROWS } from './row-steps.ts';
import type { RowWriter } from './row-writer.ts';

export interface DataWriterOptions extends DataFilesOptions {
  readonly engine: Pick<Engine, 'partition' | 'concat'>;
  readonly plan: MemoryPlan;
  /** Empty: unpartitioned. */
  readonly transforms: readonly PartitionTransform[];
  /** `write.parquet.row-group-size-bytes`. */
  readonly rowGroupSizeBytes: number;
  /** Called whenever rows were routed, before and after what is encoded then. */
  readonly onState?: () => void;
}

export class DataWriter implements RowWriter {
  readonly runBytes = 0;
  readonly #options: DataWriterOptions;
  readonly #router: PartitionRouter;
  readonly #files: DataFiles;
  readonly #rowGroupBytes: number;
  readonly #routeBytes: number;
  /** The most rows that a partition gets between two looks at its size. */
  readonly #rowsBetween: number;

  constructor(options: DataWriterOptions) {
    const { engine, plan, transforms, rowGroupSizeBytes, targetFileSizeBytes } = options;
    this.#options = options;
    // A row group of more raw bytes than the target could not be cut into files of the target's size.
    const wanted = Math.min(rowGroupSizeBytes, targetFileSizeBytes);
    const stepBytes = Math.min(plan.stepBytes, Math.floor(wanted / 8));
    this.#rowGroupBytes = Math.min(wanted, plan.rowGroupBytes);
    this.#routeBytes = Math.min(plan.routeBytes, Math.floor(wanted / 4));
    this.#rowsBetween = transforms.length === 0 ? MAX_STEP_ROWS : MAX_ROUTED_ROWS;
    this.#router = new PartitionRouter(engine, transforms, { ...plan, stepBytes, routeBytes: this.#routeBytes });
    this.#files = new DataFiles(options);
  }

  get bufferedRowBytes(): number {
    return this.#router.bufferedBytes;
  }

  get bufferedRows(): number {
    return this.#router.bufferedRows;
  }

  get bufferedPartBytes(): number {
    return this.#files.bufferedBytes;
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
    return this.#router.write(batch, () => this.#encodeDue());
  }

  async finish(): Promise<readonly string[]> {
    while (!this.#router.route()) await this.#encodeDue();
    for (const partition of this.#router.partitions()) await this.#encode(partition, true);
    await this.#files.finish();
    return [];
  }

  async abort(): Promise<readonly string[]> {
    this.#router.free();
    return this.#files.abort();
  }

  async #encodeDue(): Promise<void> {
    const { onState } = this.#options;
    onState?.();
    for (const partition of this.#router.partitions()) {
      const { rows, bytes } = partition.buffer;
      if (bytes >= this.#rowGroupBytes || rows + this.#rowsBetween > MAX_ROW_GROUP_ROWS) {
        await this.#encode(partition);
      }
    }
    await this.#encodeLargest();
    onState?.();
  }

  /** Encodes the partitions that free most until as many rows fit again as come before the next look. */
  async #encodeLargest(): Promise<void> {
    const next = this.#routeBytes + this.#router.routedSliceBytes;
    const most = this.#options.plan.bufferedRowBytes - next;
    if (this.#router.bufferedBytes <= most) return;
    const largestFirst = this.#router.partitions().sort((a, b) => b.buffer.bytes - a.buffer.bytes);
    for (const partition of largestFirst) {
      if (this.#router.bufferedBytes <= most) return;
      if (partition.buffer.rows > 0) await this.#encode(partition);
    }
  }

  /** Encodes the rows that wait in the partition; `last`: no more will come. */
  #encode(partition: Partition, last = false): Promise<void> {
    return this.#files.writeRowGroup(partition, this.#router.take(partition), last);
  }
}
