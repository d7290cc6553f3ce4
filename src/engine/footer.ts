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
