/**
 * Row groups of one write into data files: a file is opened with the first row group of its partition, uploaded while
 * the next one fills, and rolled at the target size. Row groups that threads encode are placed into files in the order
 * in which they were due, so that threads change no byte.
 */
import type { EncodedPart, Encoder } from '../../engine/encoder.ts';
import type { Batch } from '../../engine/engine.ts';
import type { Upload } from '../../storage/store.ts';
import { bytesIn } from '../../util/encoding.ts';
import type { MemoryPlan } from '../memory-plan.ts';
import { DataFileWriter, type OnEncoded, rowsOf, type WrittenFile } from './file-writer.ts';
import type { PartitionId } from './partition-router.ts';

/** A row group never has more rows. */
export const MAX_ROW_GROUP_ROWS = 1_048_576;
/** The most files that are being finished, however small. */
const MOST_FINISHING = 16;

/** What an open file holds in the engine besides its pending bytes; measured: 9 KB, and 550 bytes a column chunk. */
const OPEN_FILE_BYTES = 12 * 1024;
const COLUMN_CHUNK_BYTES = 704;

/** An upload holds what is pending in blocks: at most so much more than it says. */
const UPLOAD_SLACK_BYTES = 4 * 1024;

export interface DataFilesOptions {
  readonly plan: Pick<MemoryPlan, 'footerBytes' | 'pendingBytes' | 'partSizeBytes' | 'partsInFlight'>;
  readonly leafColumns: number;
  /** `write.target-file-size-bytes`. */
  readonly targetFileSizeBytes: number;
  /** A location for the next file of a partition; called in a fixed order. */
  readonly newLocation: (partition: Pick<PartitionId, 'values'>) => string;
  readonly openEncoder: () => Encoder;
  /** Encode row groups elsewhere meanwhile: one more than there are threads at most. Absent: files' encoders do. */
  readonly threads?: Threads | undefined;
  readonly openUpload: (location: string) => Promise<Upload>;
  readonly onEncoded: OnEncoded;
  /** Called once for every finished file, one after the other, in an order that follows from the rows. */
  readonly onFile: (file: WrittenFile, partition: Pick<PartitionId, 'values'>) => void | Promise<void>;
}

export interface Threads {
  readonly threads: number;
  /** What they hold and row groups on the way back are their owner's to count. */
  readonly owned: boolean;
  /** What they hold, rows on the way to them included. */
  readonly heldBytes: number;
  /** Consumes the batches before it returns. */
  encode(batches: readonly Batch[]): Promise<readonly EncodedPart[]>;
}

interface OpenFile {
  readonly file: DataFileWriter;
  readonly partition: PartitionId;
}

/** A row group that threads encode. */
interface Submitted {
  readonly partition: PartitionId;
  readonly rows: number;
  readonly parts: Promise<readonly EncodedPart[]>;
  /** No rows follow in this partition. */
  readonly last: boolean;
}

interface Finishing {
  readonly file: DataFileWriter;
  readonly done: Promise<void>;
}

/** Lifecycle: `writeRowGroup`* → `finish` | `abort`. After an error, `abort` must be called. */
export class DataFiles {
  readonly #options: DataFilesOptions;
  /** By partition key, in the order they were opened. */
  readonly #open = new Map<string, OpenFile>();
  /** In the order they were due. */
  readonly #submitted: Submitted[] = [];
  readonly #finishing = new Set<Finishing>();
  /** Of the file that was last to be finished; never rejects. */
  #lastFinishing: Promise<void> = Promise.resolve();
  /** Open files with parts in flight, when last looked at. */
  readonly #sending = new Set<DataFileWriter>();
  /** Files that could not be finished. */
  readonly #unfinished: DataFileWriter[] = [];
  #failure: { readonly error: unknown } | null = null;
  #encodedBytes = 0;
  /** Of parts that threads have encoded and no file has. */
  #unplacedBytes = 0;
  #rowsWritten = 0;
  /** Of open files, `DataFileWriter.pendingBytes` and `#kept`, together. */
  #pendingBytes = 0;
  #keptBytes = 0;

  constructor(options: DataFilesOptions) {
    this.#options = options;
  }

  /** Encoded bytes held in memory: pending and in flight. */
  get bufferedBytes(): number {
    // Asked often, while hundreds of files are open.
    let sum = this.#pendingBytes;
    for (const file of this.#sending) {
      const inFlight = file.bufferedBytes - file.pendingBytes;
      sum += inFlight;
      if (inFlight === 0) this.#sending.delete(file);
    }
    for (const { file } of this.#finishing) sum += file.bufferedBytes;
    return sum;
  }

  /** What threads of the write hold, and the row groups that came back from them and wait for their turn. */
  get threadBytes(): number {
    const { threads } = this.#options;
    return threads === undefined || threads.owned ? 0 : threads.heldBytes + this.#unplacedBytes;
  }

  /** Rows in finished files, by their footers. */
  get rowsWritten(): number {
    return this.#rowsWritten;
  }

  get encodedBytes(): number {
    return this.#encodedBytes;
  }

  /** Files that are open or being finished. */
  get count(): number {
    return this.#open.size + this.#finishing.size;
  }

  /** Encodes the batches as one row group, or has a thread do it; consumes them. `last`: no more of this partition. */
  async writeRowGroup(partition: PartitionId, batches: readonly Batch[], last = false): Promise<void> {
    const { threads, onEncoded } = this.#options;
    let open: OpenFile | undefined;
    try {
      this.#throwFailure();
      if (threads === undefined) open = await this.#openFile(partition);
    } catch (error) {
      for (const batch of batches) batch.free();
      throw error;
    }
    if (open !== undefined) return this.#place(open, (file) => file.writeRowGroup(batches, onEncoded), last);
    if (threads === undefined) return;
    const rows = rowsOf(batches);
    const parts = threads.encode(batches);
    parts.then(
      (encoded) => {
        this.#unplacedBytes += bytesOf(encoded);
      },
      () => {}, // thrown by who waits for it
    );
    this.#submitted.push({ partition, rows, parts, last });
    if (this.#submitted.length > threads.threads) await this.#placeNext();
  }

  /** Finishes all files. */
  async finish(): Promise<void> {
    while (this.#submitted.length > 0) await this.#placeNext();
    for (const open of [...this.#open.values()]) await this.#finishFile(open);
    await this.#settle(() => this.#finishing.size === 0);
  }

  /** Aborts open uploads; returns what could not be removed. Never throws. */
  async abort(): Promise<readonly string[]> {
    await Promise.allSettled([...this.#finishing].map((finishing) => finishing.done));
    const files = [...this.#unfinished.splice(0), ...[...this.#open.values()].map(({ file }) => file)];
    this.#open.clear();
    const left: string[] = [];
    for (const file of files) left.push(...(await file.abort()));
    return left;
  }

  async #placeNext(): Promise<void> {
    const next = this.#submitted.shift();
    if (next === undefined) return;
    const parts = await next.parts;
    this.#unplacedBytes -= bytesOf(parts);
    const open = await this.#openFile(next.partition);
    await this.#place(open, (file) => file.appendParts(parts, next.rows, this.#options.onEncoded), next.last);
  }

  /** Gives a file its next row group, and finishes files that are due then. */
  async #place(open: OpenFile, write: (file: DataFileWriter) => Promise<void>, last: boolean): Promise<void> {
    const { file } = open;
    const { plan, targetFileSizeBytes } = this.#options;
    const [encoded, pending, kept] = [file.encodedBytes, file.pendingBytes, this.#kept(file)];
    await write(file);
    this.#encodedBytes += file.encodedBytes - encoded;
    this.#pendingBytes += file.pendingBytes - pending;
    this.#keptBytes += this.#kept(file) - kept;
    if (file.bufferedBytes > file.pendingBytes) this.#sending.add(file);
    // Rows that compress very well would fill memory with the footer long before the file has its size.
    const full = file.encodedBytes >= targetFileSizeBytes || this.#kept(file) > plan.footerBytes;
    if (full || last) await this.#finishFile(open);
    if (this.#open.size <= 1) return;
    const pendingBytes = (one: DataFileWriter) => one.pendingBytes;
    const keptBytes = (one: DataFileWriter) => this.#kept(one);
    const held = () => this.#pendingBytes + this.#open.size * UPLOAD_SLACK_BYTES;
    while (held() > plan.pendingBytes && (await this.#finishLargest(pendingBytes)));
    while (this.#keptBytes > plan.footerBytes && (await this.#finishLargest(keptBytes)));
  }

  /** The partition's open file, or a new one. */
  async #openFile({ key, values }: PartitionId): Promise<OpenFile> {
    const found = this.#open.get(key);
    if (found !== undefined) return found;
    const location = this.#options.newLocation({ values });
    const upload = await this.#options.openUpload(location);
    let encoder: Encoder;
    try {
      encoder = this.#options.openEncoder();
    } catch (error) {
      await upload.abort();
      throw error;
    }
    const file = new DataFileWriter(location, encoder, upload);
    const open = { file, partition: { key, values } };
    this.#open.set(key, open);
    this.#keptBytes += this.#kept(file);
    return open;
  }

  /** Finishes the open file that has most of something; false: none is open. */
  async #finishLargest(has: (file: DataFileWriter) => number): Promise<boolean> {
    let largest: OpenFile | null = null;
    let most = -1;
    for (const open of this.#open.values()) {
      const size = has(open.file);
      if (size > most) [largest, most] = [open, size];
    }
    if (largest === null) return false;
    await this.#finishFile(largest);
    return true;
  }

  /** What the engine keeps of a file until its footer is written. */
  #kept(file: DataFileWriter): number {
    return OPEN_FILE_BYTES + file.rowGroups * this.#options.leafColumns * COLUMN_CHUNK_BYTES;
  }

  /** Starts to finish the file; the last bytes go out while the next rows are encoded. */
  async #finishFile({ file, partition }: OpenFile): Promise<void> {
    this.#open.delete(partition.key);
    this.#sending.delete(file);
    this.#pendingBytes -= file.pendingBytes;
    this.#keptBytes -= this.#kept(file);
    const before = this.#lastFinishing;
    const finish = async () => {
      try {
        const encoded = file.encodedBytes;
        const written = await file.finish();
        this.#encodedBytes += written.sizeBytes - encoded;
        this.#rowsWritten += written.footer.numRows;
        await before;
        await this.#options.onFile(written, { values: partition.values });
      } catch (error) {
        this.#failure ??= { error };
        this.#unfinished.push(file);
      } finally {
        this.#finishing.delete(finishing);
      }
    };
    const finishing: Finishing = { file, done: Promise.resolve().then(finish) };
    this.#finishing.add(finishing);
    this.#lastFinishing = finishing.done;
    await this.#settle(() => this.#finishing.size <= MOST_FINISHING && this.#finishingFits());
  }

  /** Files that are being finished hold no more than the parts that may be in flight. */
  #finishingFits(): boolean {
    const { partsInFlight, partSizeBytes } = this.#options.plan;
    let bytes = 0;
    for (const { file } of this.#finishing) bytes += file.bufferedBytes;
    return this.#finishing.size <= partsInFlight || bytes <= partsInFlight * partSizeBytes;
  }

  /** Waits until enough of the files that are being finished are. */
  async #settle(enough: () => boolean): Promise<void> {
    while (!enough()) await Promise.race([...this.#finishing].map((finishing) => finishing.done));
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}

function bytesOf(parts: readonly EncodedPart[]): number {
  return parts.reduce((sum, { pieces, tail }) => sum + bytesIn(pieces) + tail.length, 0);
}
