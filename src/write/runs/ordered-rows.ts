/** Rows that come partition by partition, into the row groups of their files. */
import type { BareReader, Batch, Engine } from '../../engine/engine.ts';
import { IcestreamError } from '../../errors.ts';
import { type DataFiles, MAX_ROW_GROUP_ROWS } from '../rows/data-files.ts';
import { PartitionBuffer } from '../rows/partition-buffer.ts';
import type { PartitionId } from '../rows/partition-router.ts';
import { damagedRun, type RunRecord } from './run-format.ts';

export interface OrderedRowsOptions {
  readonly engine: Pick<Engine, 'concat'>;
  readonly files: DataFiles;
  /** A row group is encoded before it would have more bytes of rows. */
  readonly rowGroupBytes: number;
  /** Reads records; it is freed with the rows. */
  readonly reader: BareReader | null;
  /** Called before rows are encoded. */
  readonly onState: (() => void) | undefined;
}

/** Lifecycle: (`addBatch` | `addRecord`)* → `finish`; `free` at the end, whatever happened. */
export class OrderedRows {
  readonly #options: OrderedRowsOptions;
  readonly #buffer: PartitionBuffer;
  /** Where the records come from that the reader has collected. */
  #locations: string[] = [];
  #current: PartitionId | null = null;

  constructor(options: OrderedRowsOptions) {
    this.#options = options;
    this.#buffer = new PartitionBuffer(options.engine);
  }

  /** That wait to be encoded. */
  get rows(): number {
    return this.#buffer.rows + (this.#options.reader?.rows ?? 0);
  }

  get bytes(): number {
    return this.#buffer.bytes + (this.#options.reader?.rowBytes ?? 0);
  }

  /** Takes the batch over. */
  async addBatch(partition: PartitionId, batch: Batch): Promise<void> {
    const { numRows, byteLength } = batch;
    try {
      await this.#makeRoom(partition, numRows, byteLength);
    } catch (error) {
      batch.free();
      throw error;
    }
    this.#buffer.push(batch, byteLength);
  }

  /** Null: it is done already, as most are. The record's bytes are the caller's again then. */
  addRecord(record: RunRecord): Promise<void> | null {
    const { partition, head } = record;
    const encoded = this.#makeRoom(partition, head.rows, head.rowBytes);
    if (encoded !== null) return encoded.then(() => this.#collect(record));
    this.#collect(record);
    return null;
  }

  /** Encodes what waits. */
  async finish(): Promise<void> {
    if (this.#current !== null) await this.#encode(this.#current, true);
  }

  free(): void {
    this.#buffer.free();
    this.#options.reader?.free();
  }

  /** Encodes rows that wait, where the next are another partition's, or would make too large a row group of them. */
  #makeRoom(next: PartitionId, rows: number, bytes: number): Promise<void> | null {
    const current = this.#current;
    this.#current = next;
    if (current === null) return null;
    if (current.key !== next.key) return this.#encode(current, true);
    const full = this.bytes + bytes > this.#options.rowGroupBytes || this.rows + rows > MAX_ROW_GROUP_ROWS;
    return full && this.rows > 0 ? this.#encode(current, false) : null;
  }

  #collect({ location, head, pieces }: RunRecord): void {
    const { reader } = this.#options;
    if (reader === null) throw new IcestreamError('INVALID_ARGUMENT', 'there is no reader of records');
    if (!reader.fits(head.bytes)) this.#takeCollected();
    reader.add(head, pieces);
    this.#locations.push(location);
  }

  /** Makes one batch of the records that the reader has. */
  #takeCollected(): void {
    const { reader } = this.#options;
    const locations = this.#locations;
    if (reader === null || locations.length === 0) return;
    this.#locations = [];
    const { rowBytes } = reader;
    try {
      this.#buffer.push(reader.take(), rowBytes);
    } catch (error) {
      const location = error instanceof IcestreamError ? locations[error.place.row ?? -1] : undefined;
      throw location === undefined ? error : damagedRun(location, 'rows have changed');
    }
  }

  /** `last`: no more rows will come of this partition. */
  async #encode(partition: PartitionId, last: boolean): Promise<void> {
    this.#takeCollected();
    this.#options.onState?.();
    await this.#options.files.writeRowGroup(partition, this.#buffer.take(), last);
  }
}
