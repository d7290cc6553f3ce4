/** Facts of a Parquet footer as plain data: what a writer wrote, or what an existing file says of itself. */

/** One leaf column over all row groups. */
export interface LeafFacts {
  /** Dotted path (`list.element` and `key_value` levels included). */
  readonly path: string;
  /** Absent in files without field ids. */
  readonly fieldId?: number;
  /** `BOOLEAN`, `INT32`, `INT64`, `INT96`, `FLOAT`, `DOUBLE`, `BYTE_ARRAY`, `FIXED_LEN_BYTE_ARRAY`. */
  readonly physicalType: string;
  /** Whether it lies inside a list or map (Iceberg keeps no metrics of those but sizes). */
  readonly repeated: boolean;
  /** Sum of total_compressed_size. */
  readonly compressedBytes: number;
  /** Values with nulls and NaNs. */
  readonly valueCount: number;
  /** Null: the footer does not say. */
  readonly nullCount: number | null;
  readonly nanCount: number | null;
  /** PLAIN-encoded bounds without NaN, over the row groups; null where any row group with values has none. */
  readonly min: Uint8Array | null;
  readonly max: Uint8Array | null;
  readonly minExact: boolean;
  readonly maxExact: boolean;
}

export interface RowGroupFacts {
  readonly numRows: number;
  /** Offset of its first page. */
  readonly startOffset: number;
  readonly compressedBytes: number;
}

export interface ParquetFooter {
  readonly numRows: number;
  readonly createdBy: string | null;
  readonly rowGroups: readonly RowGroupFacts[];
  readonly leaves: readonly LeafFacts[];
  readonly keyValueMetadata: ReadonlyMap<string, string>;
}

/** What a column index says of one page. */
export interface PageFacts {
  /** It holds nulls only; its bounds are null then. */
  readonly allNull: boolean;
  /** Null: the index does not say. */
  readonly nullCount: number | null;
  readonly nanCount: number | null;
  /** PLAIN-encoded bounds, which may be shorter and wider than the values. */
  readonly min: Uint8Array | null;
  readonly max: Uint8Array | null;
}

export interface ColumnIndex {
  /** How the bounds of the pages go on, pages of nulls left out. */
  readonly boundaryOrder: 'unordered' | 'ascending' | 'descending';
  readonly pages: readonly PageFacts[];
}

/** Where a data page is, by an offset index. */
export interface PageLocation {
  /** Counted within the row group. */
  readonly firstRow: number;
  /** In the file. */
  readonly offset: number;
  /** With its header. */
  readonly compressedBytes: number;
}

/** The page index of one leaf in one row group, as the file has it; null: it has none. */
export interface LeafPageIndex {
  readonly columnIndex: ColumnIndex | null;
  readonly offsetIndex: readonly PageLocation[] | null;
}
