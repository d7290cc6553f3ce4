/**
 * What a write wrote, in few characters, kept in the snapshot summary: a second call under the same commit id must
 * carry the same payload. Four hashes: the options that cut and encode files; two that do not depend on them, the
 * counts of each column and the bounds of its whole numbers and times; and the encoded row groups, compared only
 * when the options are the same.
 */
import type { Checksum } from '../../engine/engine.ts';
import type { LeafFacts, ParquetFooter } from '../../engine/footer.ts';
import type { Bytes } from '../../util/bytes.ts';
import { toHex, utf8 } from '../../util/encoding.ts';

/** Snapshot summary key of the caller's or generated commit id. */
export const COMMIT_ID_KEY = 'icestream.commit-id';
/** Snapshot summary key of the payload digest. */
export const PAYLOAD_KEY = 'icestream.payload';

/** Snapshot summary key of the branch, where that is not `main`. */
export const BRANCH_KEY = 'icestream.branch';

/** One leaf column over all files. */
interface LeafTotals {
  values: number;
  nulls: number;
  nans: number;
  bounds: readonly [min: bigint, max: bigint] | null;
}

/** The bounds of the data are not known: a column was written without. */
const NO_BOUNDS = 'none';

export class PayloadDigest {
  readonly #options: string;
  readonly #leaves = new Map<string, LeafTotals>();
  #bounded = true;
  readonly #encoded: Checksum;
  #rows = 0;

  /** `options`: everything besides the rows that the bytes of the files follow from. `encoded`: a new checksum. */
  constructor(options: string, encoded: Checksum) {
    this.#options = options;
    this.#encoded = encoded;
  }

  /** Adds bytes of row groups, in the order they were encoded. */
  addEncoded(bytes: Bytes): void {
    this.#encoded.push(bytes);
  }

  /** Adds the counts of a finished file. */
  addFile(footer: ParquetFooter): void {
    this.#rows += footer.numRows;
    for (const leaf of footer.leaves) {
      const totals = this.#leaves.get(leaf.path) ?? { values: 0, nulls: 0, nans: 0, bounds: null };
      totals.values += leaf.valueCount;
      totals.nulls += leaf.nullCount ?? 0;
      totals.nans += leaf.nanCount ?? 0;
      this.#leaves.set(leaf.path, totals);
      if (WHOLE_NUMBERS.has(leaf.physicalType) && leaf.valueCount !== leaf.nullCount) this.#bound(totals, leaf);
    }
  }

  #bound(totals: LeafTotals, { min, max }: LeafFacts): void {
    if (min === null || max === null) {
      this.#bounded = false;
      return;
    }
    const [low, high] = [wholeNumber(min), wholeNumber(max)];
    const { bounds } = totals;
    totals.bounds =
      bounds === null ? [low, high] : [low < bounds[0] ? low : bounds[0], high > bounds[1] ? high : bounds[1]];
  }

  async value(): Promise<string> {
    const leaves = [...this.#leaves].map(([path, { values, nulls, nans }]) => [path, values, nulls, nans]);
    const bounds = [...this.#leaves].map(([path, { bounds: of }]) => `${path} ${of?.join(' ') ?? ''}`);
    const [options, counts, values] = await Promise.all([
      shortHash(utf8(this.#options)),
      shortHash(utf8(JSON.stringify([this.#rows, leaves]))),
      shortHash(utf8(bounds.join('\n'))),
    ]);
    return [options, counts, this.#bounded ? values : NO_BOUNDS, this.#encoded.value()].join('-');
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
  const [optionsA, countsA, boundsA, bytesA] = a.split('-');
  const [optionsB, countsB, boundsB, bytesB] = b.split('-');
  // Files that were registered, or the same options: then the bytes would be the same.
  if (bytesA === undefined || bytesB === undefined || optionsA === optionsB) return false;
  return countsA === countsB && (boundsA === boundsB || boundsA === NO_BOUNDS || boundsB === NO_BOUNDS);
}

const WHOLE_NUMBERS: ReadonlySet<string> = new Set(['INT32', 'INT64']);

/** Of a PLAIN-encoded bound. */
function wholeNumber(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.length === 4 ? BigInt(view.getInt32(0, true)) : view.getBigInt64(0, true);
}

async function shortHash(bytes: Bytes): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).subarray(0, 12));
}
