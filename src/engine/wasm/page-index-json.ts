/** Page indexes as the engine reports them (`wasm/src/decode/page_index.rs`). */
import { fromHex } from '../../util/encoding.ts';
import type { ColumnIndex, LeafPageIndex, PageFacts } from '../footer.ts';

type PageJson = readonly [
  allNull: boolean,
  nullCount: number | null,
  nanCount: number | null,
  min: string,
  max: string,
];

/** Its column index and its offset index. */
export type LeafPageIndexJson = readonly [
  readonly [boundaryOrder: number, pages: readonly PageJson[]] | null,
  ReadonlyArray<readonly [firstRow: number, offset: number, bytes: number]> | null,
];

export function pageIndexOf([columns, offsets]: LeafPageIndexJson): LeafPageIndex {
  const locations = offsets?.map(([firstRow, offset, compressedBytes]) => ({ firstRow, offset, compressedBytes }));
  return {
    columnIndex: columns && { boundaryOrder: orderOf(columns[0]), pages: columns[1].map(pageOf) },
    offsetIndex: locations ?? null,
  };
}

function pageOf([allNull, nullCount, nanCount, min, max]: PageJson): PageFacts {
  const bound = (hex: string) => (allNull ? null : fromHex(hex));
  return { allNull, nullCount, nanCount, min: bound(min), max: bound(max) };
}

/** An order that is not known says nothing. */
function orderOf(number: number): ColumnIndex['boundaryOrder'] {
  return number === 1 ? 'ascending' : number === 2 ? 'descending' : 'unordered';
}
