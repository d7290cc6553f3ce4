/**
 * What a write wrote, in few characters, kept in the snapshot summary: a second call under the same commit id must
 * carry the same payload. Three parts: the options that cut and encode files, counts that do not depend on them, and
 * a hash of the file bytes, compared only when the options are the same.
 */
import type { ParquetFooter } from '../engine/footer.ts';
import type { Bytes } from '../util/bytes.ts';
import { concatBytes, toHex, utf8 } from '../util/encoding.ts';

/** Snapshot summary key of the caller's or generated commit id. */
export const COMMIT_ID_KEY = 'icestream.commit-id';
/** Snapshot summary key of the payload digest. */
export const PAYLOAD_KEY = 'icestream.payload';

/** Counts of one leaf column over all files. */
interface LeafCounts {
  values: number;
  nulls: number;
  nans: number;
}

export class PayloadDigest {
  readonly #options: string;
  readonly #leaves = new Map<string, LeafCounts>();
  readonly #files: Bytes[] = [];
  #rows = 0;

  /** `options`: everything besides the rows that the bytes of the files follow from. */
  constructor(options: string) {
    this.#options = options;
  }

  /** Adds a finished file; `number` in the order the files were opened. */
  addFile(number: number, footer: ParquetFooter, contentHash: Bytes): void {
    this.#rows += footer.numRows;
    this.#files[number] = contentHash;
    for (const leaf of footer.leaves) {
      const counts = this.#leaves.get(leaf.path) ?? { values: 0, nulls: 0, nans: 0 };
      counts.values += leaf.valueCount;
      counts.nulls += leaf.nullCount ?? 0;
      counts.nans += leaf.nanCount ?? 0;
      this.#leaves.set(leaf.path, counts);
    }
  }

  async value(): Promise<string> {
    const leaves = [...this.#leaves].map(([path, { values, nulls, nans }]) => [path, values, nulls, nans]);
    const counts = utf8(JSON.stringify([this.#rows, leaves]));
    const parts = [utf8(this.#options), counts, concatBytes([utf8(''), ...this.#files])];
    return (await Promise.all(parts.map(shortHash))).join('-');
  }
}

/** The digest of a list of files that are registered as they are. */
export async function digestOfFiles(files: readonly { readonly location: string; readonly sizeBytes: number }[]) {
  const lines = files.map(({ location, sizeBytes }) => `${sizeBytes} ${location}`).sort();
  return `files-${await shortHash(utf8(lines.join('\n')))}`;
}

/** Whether two digests can belong to the same payload. */
export function samePayload(a: string, b: string): boolean {
  if (a === b) return true;
  const [optionsA, countsA] = a.split('-');
  const [optionsB, countsB] = b.split('-');
  return optionsA !== optionsB && countsA !== undefined && countsA === countsB && !a.startsWith('files-');
}

/** WebCrypto copies what it hashes: so much at a time. */
const HASH_PIECE_BYTES = 512 * 1024;

/** A hash of the bytes of a file that is written piece by piece, and of where they were cut. */
export class ContentHash {
  readonly #hashes: Bytes[] = [];
  #last: Promise<ArrayBuffer> | null = null;

  /** Hashes while the caller goes on; resolves when the bytes are no longer needed. */
  async add(bytes: Bytes): Promise<void> {
    for (let at = 0; at < bytes.length; at += HASH_PIECE_BYTES) {
      await this.#settle();
      this.#last = crypto.subtle.digest('SHA-256', bytes.subarray(at, at + HASH_PIECE_BYTES));
      this.#last.catch(() => {}); // thrown by who waits for it
    }
  }

  async value(): Promise<Bytes> {
    await this.#settle();
    return new Uint8Array(await crypto.subtle.digest('SHA-256', concatBytes(this.#hashes)));
  }

  async #settle(): Promise<void> {
    if (this.#last !== null) this.#hashes.push(new Uint8Array(await this.#last));
    this.#last = null;
  }
}

async function shortHash(bytes: Bytes): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).subarray(0, 12));
}
