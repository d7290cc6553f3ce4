/** Reads one run from its start to its end by ranges, the next one fetched while the last is in use. */
import { BARE_HEAD_BYTES, type BareHead, bareHead } from '../../engine/bare-head.ts';
import type { Bytes } from '../../util/bytes.ts';
import { bytesIn, concatBytes } from '../../util/encoding.ts';
import { release } from '../../util/release.ts';
import { damagedRun, type LabelReader, type RunRecord } from './run-format.ts';
import type { Run } from './run-writer.ts';

/** The bytes of a run, wherever it is stored. */
export interface RunBytes {
  /** Bytes `[start, end)`; takes over `spare`, and may give its memory back with them. */
  read(start: number, end: number, spare: Bytes | undefined): Promise<Bytes>;
  /** Never throws. */
  close(): Promise<void>;
}

export interface RunReaderOptions {
  readonly chunkBytes: number;
  /** Of the first chunk. */
  readonly firstBytes: number;
  /** Of all that are read together. */
  readonly labels: LabelReader;
}

const NOTHING: Bytes = new Uint8Array();

/** Lifecycle: (`advance` → `load`?)* → `close`. */
export class RunReader {
  readonly #run: Run;
  readonly #bytes: RunBytes;
  readonly #options: RunReaderOptions;
  #chunk: Bytes = NOTHING;
  #view = new DataView(NOTHING.buffer);
  /** In the chunk. */
  #at = 0;
  /** Chunks that the record at hand has used up. */
  readonly #spent: Bytes[] = [];
  #ahead: Promise<Bytes> | null = null;
  #askedBytes = 0;
  #takenBytes = 0;
  #rows = 0;
  #record: RunRecord | null = null;
  /** Of the record at hand, bytes that were not read. */
  #missingBytes = 0;

  constructor(run: Run, bytes: RunBytes, options: RunReaderOptions) {
    this.#run = run;
    this.#bytes = bytes;
    this.#options = options;
    this.#ahead = this.#fetch(options.firstBytes);
  }

  /** The record at hand, whose `pieces` are all there once it was loaded; null before the first `advance`, and at the end. */
  get record(): RunRecord | null {
    return this.#record;
  }

  /** Held in memory: the chunk in use, the one that is fetched, and those before it that the record at hand is in. */
  get bufferedBytes(): number {
    const ahead = this.#ahead === null ? 0 : this.#options.chunkBytes;
    return this.#chunk.length + ahead + bytesIn(this.#spent);
  }

  /**
   * Goes on to the next record; null: it is at hand already, as most are.
   * @throws IcestreamError INVALID_RESPONSE when the run is not as it was written; errors of the store.
   */
  advance(): Promise<void> | null {
    const { location, sizeBytes, rows } = this.#run;
    this.#record = null;
    if (this.#takenBytes === sizeBytes) {
      if (this.#rows !== rows) throw damagedRun(location, `${rows} rows were written, ${this.#rows} came back`);
      this.#chunk = NOTHING;
      this.#spent.length = 0;
      return null;
    }
    // Not before: what is spent is used for it.
    this.#ahead ??= this.#fetch(this.#options.chunkBytes, this.#spent.pop());
    for (const chunk of this.#spent.splice(0)) release(chunk);
    const left = this.#chunk.length - this.#at;
    if (left < BARE_HEAD_BYTES) return this.#begin();
    const head = this.#checked(bareHead(this.#view, this.#at));
    if (left < head.bytes) return this.#begin();
    const start = this.#at;
    const labelAt = start + BARE_HEAD_BYTES;
    this.#at += head.bytes;
    this.#takenBytes += head.bytes;
    const label = this.#chunk.subarray(labelAt, labelAt + head.labelBytes);
    this.#accept(head, label, [this.#chunk.subarray(start, this.#at)]);
    return null;
  }

  /**
   * Reads the rest of the record at hand; null: all of it is there, as it is of most. Not before it is its turn: the
   * records at hand of all runs would be more than their chunks.
   */
  load(): Promise<void> | null {
    return this.#missingBytes === 0 ? null : this.#loadRest();
  }

  async #loadRest(): Promise<void> {
    const rest = await this.#take(this.#missingBytes);
    this.#missingBytes = 0;
    if (this.#record !== null) this.#record = { ...this.#record, pieces: [...this.#record.pieces, ...rest] };
  }

  /** The start of the next record, where it ends in another chunk. */
  async #begin(): Promise<void> {
    const start = concatBytes(await this.#take(BARE_HEAD_BYTES));
    const head = this.#checked(bareHead(new DataView(start.buffer, start.byteOffset), 0), start.length);
    const label = concatBytes(await this.#take(head.labelBytes));
    this.#missingBytes = head.bytes - BARE_HEAD_BYTES - head.labelBytes;
    this.#accept(head, label, [start, label]);
  }

  /** `takenBytes`: of the record. */
  #checked(head: BareHead, takenBytes = 0): BareHead {
    const { location, sizeBytes } = this.#run;
    const fits = head.bytes - takenBytes <= sizeBytes - this.#takenBytes;
    if (fits && head.bytes >= BARE_HEAD_BYTES + head.labelBytes) return head;
    throw damagedRun(location, 'a record has another size');
  }

  #accept(head: BareHead, label: Bytes, pieces: readonly Bytes[]): void {
    const { location } = this.#run;
    const partition = this.#options.labels.partition(label);
    if (partition === null) throw damagedRun(location, 'a partition key has changed');
    this.#rows += head.rows;
    this.#record = { partition, location, head, pieces };
  }

  /** Resolves when nothing is under way any more. Never throws. */
  async close(): Promise<void> {
    this.#record = null;
    this.#chunk = NOTHING;
    this.#spent.length = 0;
    await this.#ahead?.catch(() => {});
    this.#ahead = null;
    await this.#bytes.close();
  }

  /** The next bytes, in pieces that lie in one chunk each. */
  async #take(bytes: number): Promise<Bytes[]> {
    if (bytes > this.#run.sizeBytes - this.#takenBytes) throw damagedRun(this.#run.location, 'it is cut off');
    this.#takenBytes += bytes;
    const pieces: Bytes[] = [];
    for (let missing = bytes; missing > 0; ) {
      if (this.#at === this.#chunk.length) await this.#next();
      const piece = this.#chunk.subarray(this.#at, this.#at + missing);
      pieces.push(piece);
      missing -= piece.length;
      this.#at += piece.length;
    }
    return pieces;
  }

  async #next(): Promise<void> {
    if (this.#chunk.length > 0) this.#spent.push(this.#chunk);
    this.#chunk = NOTHING;
    this.#at = 0;
    this.#chunk = await (this.#ahead ?? this.#fetch(this.#options.chunkBytes) ?? NOTHING);
    this.#view = new DataView(this.#chunk.buffer, this.#chunk.byteOffset, this.#chunk.length);
    this.#ahead = null;
  }

  /** Null: all was asked for. */
  #fetch(bytes: number, spare?: Bytes): Promise<Bytes> | null {
    const { location, sizeBytes } = this.#run;
    const start = this.#askedBytes;
    const end = Math.min(start + bytes, sizeBytes);
    if (start === end) {
      if (spare !== undefined) release(spare);
      return null;
    }
    this.#askedBytes = end;
    const chunk = this.#bytes.read(start, end, spare).then((chunk) => {
      if (chunk.length === end - start) return chunk;
      throw damagedRun(location, `${end - start} bytes at ${start} were asked for, ${chunk.length} came`);
    });
    chunk.catch(() => {}); // thrown by who waits for it
    return chunk;
  }
}
