/** Footer facts as the engine reports them, for both directions. */
import { fromHex } from '../../util/encoding.ts';
import type { LeafFacts, ParquetFooter } from '../footer.ts';

/** Bounds are hex, row groups `[rows, start, bytes]`, metadata `[key, value]` in the file's order. */
export interface FooterJson {
  readonly numRows: number;
  readonly createdBy: string | null;
  readonly rowGroups: ReadonlyArray<readonly [number, number, number]>;
  readonly leaves: ReadonlyArray<
    Omit<LeafFacts, 'min' | 'max'> & { readonly min: string | null; readonly max: string | null }
  >;
  readonly keyValueMetadata: ReadonlyArray<readonly [string, string]>;
}

export function footerOf(json: FooterJson): ParquetFooter {
  return {
    numRows: json.numRows,
    createdBy: json.createdBy,
    rowGroups: json.rowGroups.map(([numRows, startOffset, compressedBytes]) => ({
      numRows,
      startOffset,
      compressedBytes,
    })),
    leaves: json.leaves.map((leaf) => ({ ...leaf, min: bound(leaf.min), max: bound(leaf.max) })),
    keyValueMetadata: new Map(json.keyValueMetadata),
  };
}

function bound(hex: string | null): Uint8Array | null {
  return hex === null ? null : fromHex(hex);
}
