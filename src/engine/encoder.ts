/**
 * Rows in, Parquet bytes out. An encoder knows nothing of tables. Two implementations behind one conformance suite:
 * the engine's own, and parquet-wasm (`encoder-parquet-wasm.ts`).
 */
import type { Bytes } from '../util/bytes.ts';
import type { ArrowSchema } from './arrow-schema.ts';
import type { Batch } from './engine.ts';
import type { ParquetFooter } from './footer.ts';

export type Codec = 'uncompressed' | 'snappy' | 'gzip' | 'lz4_raw' | 'zstd';

export interface ColumnOptions {
  /** `auto` (default): on when the row group's values repeat enough. */
  readonly dictionary?: 'auto' | 'on' | 'off';
  /** Bounds, and counts of nulls and NaNs, in the footer. Default true; a table's metrics are made of them. */
  readonly statistics?: boolean;
  /**
   * A split block Bloom filter of the column's values, in each row group. Default: none. `fpp`: the rate of false
   * positives, between 0 and 1. `ndv`: how many different values to make room for; default 1,000,000, or as many as
   * `maxBytes` holds at that rate. `maxBytes`: the most it may take, at least 32; what a row group does not need of it is
   * not written. In a table: `write.parquet.bloom-filter-*`.
   */
  readonly bloomFilter?: { readonly fpp: number; readonly ndv?: number; readonly maxBytes: number };
}

export interface EncoderOptions {
  /**
   * Field ids included. Types that Iceberg's are stored as (`src/format/arrow-from-iceberg.ts`), dictionary or run-end
   * encoded too; others are UNSUPPORTED.
   */
  readonly schema: ArrowSchema;
  readonly codec: Codec;
  /** Codec's own scale; null: the codec's default. */
  readonly level: number | null;
  /** `default`: PLAIN and RLE_DICTIONARY only, which every reader takes. `compact`: DELTA and BYTE_STREAM_SPLIT too. */
  readonly encoding: 'default' | 'compact';
  /**
   * A data page ends before its values, as they are in memory (of a dictionary's numbers: 4 bytes each), take more than
   * this; a row that takes more is a page of its own. In a table: `write.parquet.page-size-bytes`, default 1 MiB.
   */
  readonly pageSizeBytes: number;
  /** Most rows of a data page. In a table: `write.parquet.page-row-limit`, default 20,000. */
  readonly pageRowLimit: number;
  /**
   * The most that the dictionary of a column may take in a row group; where its values take more, the column has none
   * there. In a table: `write.parquet.dict-size-bytes`, default 2 MiB.
   */
  readonly dictionarySizeBytes: number;
  /** Longest string or binary bound kept in the footer, in bytes; null: whole. */
  readonly statisticsTruncateBytes: number | null;
  /** By dotted column path. */
  readonly columns?: ReadonlyMap<string, ColumnOptions>;
  readonly keyValueMetadata?: ReadonlyMap<string, string>;
}

export interface EncodedFile {
  /** The rest of the file, footer included. */
  readonly bytes: Bytes;
  readonly footer: ParquetFooter;
}

/** Columns of a row group, encoded apart from its file, perhaps by another engine on another thread: of a file of their own. */
export interface EncodedPart {
  /** Of the top-level columns of the schema. */
  readonly firstColumn: number;
  readonly columns: number;
  /** Their column chunks, without what precedes them. */
  readonly pieces: readonly Bytes[];
  /** What follows them. */
  readonly tail: Bytes;
}

export interface Encoder extends Disposable {
  /** False: `writeRowGroup` is a hint, the implementation cuts its own row groups. */
  readonly cutsWhereTold: boolean;
  /**
   * Encodes the rows of `batches` as one row group, and gives the file bytes that are final in pieces as they are made:
   * the compressed row group need never be held whole. A piece is the caller's, memory and all. Take all pieces; a file whose row group was left half way cannot
   * be continued. Consumes the batches with the first piece. The same rows give the same bytes, however they are cut
   * into batches.
   */
  writeRowGroup(batches: readonly Batch[]): AsyncIterable<Bytes>;
  /**
   * Puts a row group into the file that was encoded apart with the same options, in parts that follow each other and
   * have all columns together; gives the file bytes that are final: those that `writeRowGroup` would have given for its
   * rows. Absent: the implementation encodes alone.
   */
  appendParts?(parts: readonly EncodedPart[]): Iterable<Bytes>;
  /** Ends the file. The footer's `numRows` is what was encoded, to be compared with what was given. */
  finish(): Promise<EncodedFile>;
  free(): void;
}
