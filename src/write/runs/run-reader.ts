/** Reads one run from its start to its end by ranges, the next one fetched while the last is in use. */
import type { Bytes } from '../../util/bytes.ts';
import { bytesIn, concatBytes } from '../../util/encoding.ts';
import { release } from '../../util/release.ts';
import { xxhash32 } from '../../util/xxhash32.ts';
import {
  damagedRun,
  decodePartition,
  decodeRecordHead,
  HEAD_BYTES,
  type RecordHead,
  type RunRecord,
} from './run-format.ts';
import type { Run } from './run-writer.ts';

/** Bytes `[start, end)` of a run. */
export type ReadRun = (location: string, start: number, end: number) => Promise<Bytes>;

const NOTHING: Bytes = new Uint8Array();

/** Lifecycle: `advance`* → `close`. */
export class RunReader {
  readonly #run: Run;
  readonly #read: ReadRun;
  readonly #chunkBytes: number;
  #chunk: Bytes = NOTHING;
  /** In the chunk. */
  #at = 0;
  /** Chunks that the record at hand has used up. */
  readonly #spent: Bytes[] = [];
  #ahead: Promise<Bytes> | null = null;
  #askedBytes = 0;
  #takenBytes = 0;
  #rows = 0;
  #record: RunRecord | null = null;

  /** `firstBytes`: of the first chunk. */
  constructor(run: Run, read: ReadRun, chunkBytes: number, firstBytes = chunkBytes) {
    this.#run = run;
    this.#read = read;
    this.#chunkBytes = chunkBytes;
    this.#fetch(firstBytes);
  }

  /** The record at hand; null before the first `advance`, and at the end. */
  get record(): RunRecord | null {
    return this.#record;
  }

  /** Held in memory: the chunk in use, the one that is fetched, and those before it that the record at hand is in. */
  get bufferedBytes(): number {
    const ahead = this.#ahead === null ? 0 : this.#chunkBytes;
    return this.#chunk.length + ahead + bytesIn(this.#spent);
  }

  /**
   * Goes on to the next record; null: it is at hand already, as most are.
   * @throws IcestreamError INVALID_RESPONSE when the run is not as it was written; errors of the store.
   */
  advance(): Promise<void> | null {
    const { location, sizeBytes, rows } = this.#run;
    this.#record = null;
    for (const chunk of this.#spent.splice(0)) release(chunk);
    if (this.#takenBytes === sizeBytes) {
      if (this.#rows !== rows) throw damagedRun(location, `${rows} rows were written, ${this.#rows} came back`);
      this.#chunk = NOTHING;
      return null;
    }
    const rest = this.#chunk.subarray(this.#at);
    if (rest.length < HEAD_BYTES) return this.#gather();
    const head = this.#head(rest);
    const textEnd = HEAD_BYTES + head.partitionBytes;
    const end = textEnd + head.bodyBytes;
    if (rest.length < end) return this.#gather();
    this.#takenBytes += end;
    this.#at += end;
    this.#accept(head, rest.subarray(HEAD_BYTES, textEnd), [rest.subarray(textEnd, end)]);
    return null;
  }

  /** The next record, where it ends in another chunk. */
  async #gather(): Promise<void> {
    const head = this.#head(concatBytes(await this.#take(HEAD_BYTES)));
    const text = concatBytes(await this.#take(head.partitionBytes));
    this.#accept(head, text, await this.#take(head.bodyBytes));
  }

  #head(bytes: Bytes): RecordHead {
    const head = decodeRecordHead(bytes);
    if (head === null) throw damagedRun(this.#run.location, 'a record without a head');
    return head;
  }

  #accept(head: RecordHead, text: Bytes, body: readonly Bytes[]): void {
    const { location } = this.#run;
    if (xxhash32(text) !== head.partitionChecksum) throw damagedRun(location, 'a partition key has changed');
    if (xxhash32(...body) !== head.bodyChecksum) throw damagedRun(location, 'rows have changed');
    this.#rows += head.rows;
    this.#record = { partition: decodePartition(text), rows: head.rows, body };
  }

  /** Resolves when nothing is under way any more. Never throws. */
  async close(): Promise<void> {
    this.#record = null;
    this.#chunk = NOTHING;
    await this.#ahead?.catch(() => {});
    this.#ahead = null;
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
    this.#chunk = (await this.#ahead) ?? NOTHING;
    this.#ahead = null;
    this.#fetch();
  }

  #fetch(bytes = this.#chunkBytes): void {
    const { location, sizeBytes } = this.#run;
    const start = this.#askedBytes;
    const end = Math.min(start + bytes, sizeBytes);
    if (start === end) return;
    this.#askedBytes = end;
    this.#ahead = this.#read(location, start, end).then((chunk) => {
      if (chunk.length === end - start) return chunk;
      throw damagedRun(location, `${end - start} bytes at ${start} were asked for, ${chunk.length} came`);
    });
    this.#ahead.catch(() => {}); // thrown by who waits for it
  }
}
