/**
 * The typed face of the wasm engine. One instance per isolate or worker thread; everything here is synchronous but
 * reading remote Parquet. Rules: no view of wasm memory leaves this folder (what comes out is copied out); a handle
 * belongs to whoever got it and is freed with `using` or `free()`; a method that says it consumes a handle frees it,
 * also when it throws. A call that there is no memory for throws MEMORY_LIMIT_TOO_SMALL, and may be a trap. After a trap
 * the engine is dead (`alive`): every call throws ENGINE_FAILED with the trap's text.
 */
import type { Bytes } from '../util/bytes.ts';
import type { ArrowSchema } from './arrow-schema.ts';
import type { BareHead } from './bare-head.ts';
import type { Encoder, EncoderOptions } from './encoder.ts';
import type { LeafPageIndex, ParquetFooter } from './footer.ts';

/** An Arrow record batch in the engine's memory. */
export interface Batch extends Disposable {
  readonly numRows: number;
  /** Size of its rows in bytes, from the data alone: the same rows give the same number however they were cut. */
  readonly byteLength: number;
  /** The same by column of the schema: together, `byteLength`. */
  readonly columnBytes: readonly number[];
  readonly schema: ArrowSchema;
  /** Rows `[start, start + length)` as a new handle that shares memory with this one. */
  slice(start: number, length: number): Batch;
  /** The same rows as a new handle whose memory is its own: what this one was cut from can be freed. */
  compact(): Batch;
  /** The rows with these numbers, in that order, repeats allowed, as a new handle. Throws INVALID_ARGUMENT for one that is not there. With the artifact for appends, this, `filter` and `hashRows` throw UNSUPPORTED. */
  take(rows: Uint32Array): Batch;
  /**
   * The rows whose bits are set, as a new handle: row i is bit `i % 8` of byte `i >> 3`, as in Arrow; bits behind the last
   * row do not count. Throws INVALID_ARGUMENT for any other number of bytes than the rows have bits for.
   */
  filter(keep: Bytes): Batch;
  /**
   * 16 bytes a row: a keyed hash (SipHash-2-4, 128 bits) over the values of the columns (or children of structs) with
   * these field ids. Equal values of one type have equal hashes in any batch; floats count by their bits, so each zero
   * and NaN for itself. Who does not know the key (16 bytes) cannot make rows that collide.
   */
  hashRows(fieldIds: readonly number[], key: Bytes): Bytes;
  /** One IPC stream (schema, this batch, end), copied out. */
  toIpc(): Bytes;
  free(): void;
}

/** Rows in the order of their partitions' keys, in pieces of one partition each. */
export interface ClusteredRows extends Disposable {
  /** Of those that were grouped. */
  readonly numRows: number;
  /** The rows of the next piece; null: none are left. */
  takeSlice(): PartitionSlice | null;
  /**
   * The next pieces, at least so many bytes unless no rows are left, as records one after the other; null: none are.
   * A record is in a form of this engine's own that is quick to write and to read: a head (`bareHead`), the key's bytes
   * as a label, the rows without their schema; under one checksum. Its size is a multiple of 64 bytes.
   */
  takeRecords(atLeastBytes: number): Bytes | null;
  /** Reads records of rows with this schema, up to `batchBytes` of them into one batch. */
  bareReader(batchBytes: number): BareReader;
  free(): void;
}

/** Collects records and makes batches of them. */
export interface BareReader extends Disposable {
  /** Rows of the records that are collected, and their `Batch.byteLength`. */
  readonly rows: number;
  readonly rowBytes: number;
  /** Whether a record of so many bytes may be added before the others are taken: always, when there are none. */
  fits(bytes: number): boolean;
  /** Copies a record, which comes in pieces cut anywhere. */
  add(head: BareHead, pieces: readonly Bytes[]): void;
  /**
   * The rows of the records, at least one, as a batch. Throws SOURCE_CORRUPT when a byte has changed; `place.row` is the
   * number of the record then, counted from the first that was added.
   */
  take(): Batch;
  free(): void;
}

/** Reads an Arrow IPC stream or file as its bytes arrive (lz4 and zstd bodies, dictionaries, views). */
export interface IpcReader extends Disposable {
  /** Gives more bytes; returns the batches that became whole. Throws SOURCE_CORRUPT. */
  push(bytes: Uint8Array): Batch[];
  /** Known once the schema message has arrived. */
  readonly schema: ArrowSchema | null;
  /** No more bytes: returns what is left; throws SOURCE_CORRUPT when a message is cut off. */
  finish(): Batch[];
  free(): void;
}

/** A row that did not fit its columns. */
export interface RejectedRow {
  /** 1-based line where the row starts. */
  readonly line: number;
  /** 0-based row of the source, bad rows counted. */
  readonly row: number;
  /** Null: the row as a whole (number of fields, broken JSON). */
  readonly column: string | null;
  readonly reason: string;
  /** The row's text, cut at 4,096 characters. */
  readonly text: string;
}

/** Turns text into batches; what `push` and `finish` give back has the reader's schema and at most `batchRows` rows each. */
export interface TextReader extends Disposable {
  readonly schema: ArrowSchema;
  /**
   * The batches that become whole with `bytes`, made as they are asked for: the way to keep memory bounded, as few bytes
   * may be large rows. Take all of them before the next call.
   */
  pull(bytes: Bytes): Iterable<Batch>;
  /** All batches of `bytes` at once. */
  push(bytes: Bytes): Batch[];
  finish(): Batch[];
  /** Rows refused since the last call; with `onBadRow: 'fail'`, `push` throws INVALID_VALUE at the first instead. */
  takeRejects(): RejectedRow[];
  free(): void;
}

export interface CsvDialect {
  /** One ASCII character. */
  readonly delimiter: string;
  readonly quote: string | null;
  /** Within quotes, whatever follows it is text; outside of them it is text itself. Null: only doubled quotes are text. */
  readonly escape: string | null;
  /** Lines that start with it are left out. */
  readonly comment: string | null;
  readonly header: boolean;
  /** Cells that mean null: unquoted ones; in columns that are not of text, where quotes say nothing, quoted ones too. */
  readonly nullValues: readonly string[];
}

/** What is known of a CSV file before it is looked at. */
export interface GivenCsv extends Partial<CsvDialect> {
  /** See `CsvReaderOptions`. */
  readonly namesGiven?: boolean;
}

/**
 * A quote that is never closed, or a header that cannot be read, throws SOURCE_CORRUPT whatever `onBadRow` says. Blank
 * lines are passed over, but for a file of one column: there each one below the header is a row with an empty cell.
 */
export interface CsvReaderOptions {
  readonly dialect: CsvDialect;
  /** The caller has names for the columns: those in the header may be anything, also bytes that are not UTF-8. Default false. */
  readonly namesGiven?: boolean;
  /** One entry per column of the file, in file order; types must be flat. */
  readonly schema: ArrowSchema;
  readonly batchRows: number;
  /** A batch ends before `batchRows` when its values take so many bytes. */
  readonly batchBytes: number;
  readonly onBadRow: 'fail' | 'reject';
}

/**
 * NDJSON, or the elements of one JSON array. Fields match by name; of those that come twice the last counts. Strings are read as CSV cells are; bytes are hexadecimal text; a whole number
 * in a date, time or timestamp column counts the column's own unit; text columns take any value, as JSON. A map is an
 * object, or an array of `{ "key", "value" }`.
 */
export interface JsonReaderOptions {
  readonly schema: ArrowSchema;
  readonly batchRows: number;
  /** See `CsvReaderOptions`. */
  readonly batchBytes: number;
  readonly onBadRow: 'fail' | 'reject';
  /**
   * A row with a field that the schema does not have: `fail` makes it a bad row, `ignore` leaves the field out. Fields
   * of objects inside of columns always make a bad row.
   */
  readonly unknownFields: 'fail' | 'ignore';
}

/**
 * What a sample says of a CSV file. Types: boolean, long, double, date, timestamp with and without offset, string. Codes with leading zeros,
 * integers beyond 64 bits and columns without a value are strings. Names are as they stand in the header, also when
 * they are empty or come twice; `column_1` and so on where there is no header.
 */
export interface CsvInference {
  readonly dialect: CsvDialect;
  readonly schema: ArrowSchema;
  /** Rows that were looked at; 0 where none ends within the sample. */
  readonly rows: number;
  /** The line that the first record begins on which does not end within the sample, or would. */
  readonly nextLine: number;
}

/** What a sample says of JSON rows. */
export interface JsonInference {
  readonly schema: ArrowSchema;
  /** Rows that were looked at; 0 where none ends within the sample. */
  readonly rows: number;
  /** As for CSV. */
  readonly nextLine: number;
}

/** Undoes gzip (all members) or zstd (all frames) on the way; throws SOURCE_CORRUPT, also at `finish` of a cut-off body. */
export interface Decompressor extends Disposable {
  /**
   * The output of `bytes` in pieces of at most 256 KiB, made as they are asked for: the way to keep memory bounded, as
   * a small input may become large. Take all pieces before the next call.
   */
  pull(bytes: Bytes): Iterable<Bytes>;
  /** All output of `bytes` at once. */
  push(bytes: Bytes): Bytes[];
  finish(): Bytes[];
  free(): void;
}

/** xxHash64 over bytes as they come: tells what differs, does not resist who wants a collision. */
export interface Checksum extends Disposable {
  push(bytes: Uint8Array): void;
  /** Of all bytes so far, as 16 hexadecimal digits. */
  value(): string;
  free(): void;
}

/** Random access to a file's bytes, for reading Parquet. */
export interface RangeReader {
  readonly sizeBytes: number;
  /** Bytes `[start, end)`, the caller's own. */
  read(start: number, end: number, signal?: AbortSignal): Promise<Bytes>;
}

/** Which rows of a row group are read. */
export interface RowGroupRows {
  /** The number of the row group in the file, from 0. */
  readonly index: number;
  /**
   * Ranges `[start, end)` of rows of the row group, counted from its first: start and end of each, one range after the
   * other, ascending, none empty. Default: all rows.
   */
  readonly rows?: Uint32Array;
}

export interface ParquetReader extends Disposable {
  readonly schema: ArrowSchema;
  readonly footer: ParquetFooter;
  /**
   * Streams batches of at most `batchRows` rows (default 8,192), fewer where rows are wide. Rows come in the order of
   * `rowGroups` and ascending within each; a batch holds rows of one row group, and of as many ranges as fill it: a
   * caller knows where each row is from what it asked for. A row group is fetched whole where half of the memory limit
   * holds it, else page by page; no byte is asked for twice, though between pages that are left out up to 64 KiB are read
   * along. Pages without selected rows are not decompressed where their rows are counted without that (columns that do not
   * repeat, data pages v2), and not fetched where the file has an offset index and leaving them out saves more than asking
   * for it costs; what lies behind the last selected row is not looked at. Breaking out of the loop stops the reads.
   * Throws MEMORY_LIMIT_TOO_SMALL, with a limit that would do
   * (`place.neededBytes`), where pages are too large for it; SOURCE_CORRUPT for an offset index that is not that of the
   * pages, naming the column; INVALID_ARGUMENT for row groups and rows that are not there.
   */
  batches(options?: {
    /** Default: all rows of all row groups. */
    readonly rowGroups?: readonly RowGroupRows[];
    /**
     * Paths by the names of `schema`, from the top on: `['a']` is a column, `['s', 'x']` the field x of the struct s, of
     * lists in the form `['l', 'element', 'x']` with the name of the element there. A struct has only the children that
     * are asked for, in the file's order. Default: all. Throws SCHEMA_MISMATCH for a path that leads to nothing,
     * UNSUPPORTED for one into a map, which is read whole.
     */
    readonly columns?: readonly (readonly string[])[];
    readonly batchRows?: number;
    /** Only the first so many of the selected rows; not much more is fetched than they need. Default: all. */
    readonly rows?: number;
    /** What the reader may hold in the engine beside the batches it gave: fetched bytes, pages, ranges. Default 64 MiB. */
    readonly memoryLimitBytes?: number;
    readonly signal?: AbortSignal;
  }): AsyncIterable<Batch>;
  /**
   * What the page index says of leaves of a row group, in the order of `leaves` (places in `footer.leaves`). Throws
   * SOURCE_CORRUPT for an index that cannot be read, naming the column; INVALID_ARGUMENT; MEMORY_LIMIT_TOO_SMALL.
   */
  pageIndex(
    rowGroup: number,
    leaves: readonly number[],
    options?: {
      /** What it may take in the engine and as JSON. Default 64 MiB. */
      readonly memoryLimitBytes?: number;
      readonly signal?: AbortSignal;
    },
  ): Promise<LeafPageIndex[]>;
  free(): void;
}

/** One value for all rows of a column of primitive type that the source lacks. */
export interface AlignConstant {
  /** Names from the top on: `['s', 'x']` is the field x of the struct s, of lists in the form `['l', 'element', 'x']`. */
  readonly path: readonly string[];
  /** Read as a CSV cell of the column's type is (spec: JSON single-value serialization, without quotes), or null. */
  readonly value: string | null;
}

/** How a target field is filled. */
export interface AlignOptions {
  /** The schema to reach: order, names, types, nullability, field ids. Columns the source lacks become null. */
  readonly target: ArrowSchema;
  /**
   * Instead of null, where the source lacks the field; where it has it, its values stand. Making the aligner throws
   * INVALID_VALUE for a text that is no value of the field's type, UNSUPPORTED for a nested field, INVALID_ARGUMENT for
   * a path that leads to none.
   */
  readonly constants?: readonly AlignConstant[];
  /**
   * How a field of the source is found: by name (default), or by field id, nested ones too. The elements of a list and
   * the keys and values of a map are found by their place.
   */
  readonly matchBy?: 'name' | 'fieldId';
  /** For error messages. */
  readonly file?: string;
}

/** A partition field on columns: `sourceId` names the source column by field id (nested struct children too). */
export interface PartitionTransform {
  readonly sourceId: number;
  /** `identity`, `bucket[N]`, `truncate[W]`, `year`, `month`, `day`, `hour`, `void`. */
  readonly transform: string;
}

export interface Partitioned {
  readonly slices: PartitionSlice[];
  /** The rows that were left, in order. */
  readonly rest: Batch[];
}

export interface ClusterOptions {
  /** By `Batch.byteLength`. */
  readonly pieceBytes: number;
  readonly mostTuples?: number;
}

export interface Clustered {
  readonly rows: ClusteredRows;
  /** The rows that were left, in order. */
  readonly rest: Batch[];
}

/** Rows that share a partition tuple. */
export interface PartitionSlice {
  /**
   * Canonical bytes of the tuple as lower-case hex, so that equal tuples have equal keys. For each value a 0 when it is
   * null, or else a 1, its length (4 bytes, big-endian) and itself.
   */
  readonly key: string;
  /** One value per transform: Appendix D single-value bytes of the result type, or null. */
  readonly values: readonly (Uint8Array | null)[];
  /** The first row, counted over the batches that were split. */
  readonly firstRow: number;
  readonly batch: Batch;
}

/** Casts and reorders batches of one source schema to one target schema. */
export interface Aligner extends Disposable {
  /** Consumes the batch. Throws INVALID_VALUE (column, row of the batch, value) when a cast would lose it or a required column holds a null. */
  align(batch: Batch): Batch;
  free(): void;
}

export interface Engine {
  /** False after a trap. */
  readonly alive: boolean;
  /** Size of the wasm memory now, and the most it may become. */
  readonly memoryBytes: number;
  readonly maxMemoryBytes: number;
  /** Size of the block that was refused last; 0: none was. */
  readonly refusedBytes: number;
  /** Bytes the allocator has handed out and not got back: 0 change over a balanced piece of work. */
  readonly liveBytes: number;

  /** Reads one Arrow IPC stream or file, pushed in pieces of any size. Free it; what it gave stays. */
  ipcReader(): IpcReader;
  /** The batches of one whole IPC stream. */
  fromIpc(bytes: Uint8Array): Batch[];
  /**
   * Looks at the first bytes of a CSV file; `given` overrides what it would infer. `whole` (default true): nothing
   * follows them; else their last row may be cut off and is not looked at.
   */
  inferCsv(sample: Bytes, given?: GivenCsv, whole?: boolean): CsvInference;
  /**
   * Reads CSV, pushed in pieces of any size and cut anywhere, into batches of the schema given; `inferCsv` says of a
   * sample which dialect and schema that may be. Free it.
   * @throws IcestreamError INVALID_ARGUMENT for a dialect that cannot be, UNSUPPORTED for a column of a type that a cell cannot hold.
   */
  csvReader(options: CsvReaderOptions): TextReader;
  /** Looks at the first bytes of NDJSON or of a JSON array of objects; `whole` as for CSV. */
  inferJson(sample: Bytes, whole?: boolean): JsonInference;
  /**
   * Reads JSON lines or one JSON array, pushed in pieces of any size and cut anywhere, into batches of the schema given;
   * `inferJson` makes one of a sample. Free it.
   * @throws IcestreamError UNSUPPORTED for a column of a type that JSON is not read as.
   */
  jsonReader(options: JsonReaderOptions): TextReader;
  /**
   * Undoes one compressed stream. Free it. More than 10,000 bytes out for each one in, once 64 MiB came out, are
   * SOURCE_CORRUPT: a bomb.
   */
  decompressor(codec: 'gzip' | 'zstd'): Decompressor;
  /** xxHash64 with seed 0, of no bytes yet. Free it. */
  checksum(): Checksum;
  /** @throws IcestreamError UNSUPPORTED with the artifact for appends (`icestream-append.wasm`), which has no decoder. */
  openParquet(file: RangeReader, options?: { readonly signal?: AbortSignal }): Promise<ParquetReader>;

  /** Rows of all batches, in order; consumes them. One schema. */
  concat(batches: readonly Batch[]): Batch;
  /**
   * Brings batches of one schema to another. Free it.
   * @throws IcestreamError SCHEMA_MISMATCH naming columns that cannot be cast, INVALID_VALUE, UNSUPPORTED and
   * INVALID_ARGUMENT for constants (see there).
   */
  aligner(source: ArrowSchema, options: AlignOptions): Aligner;
  /**
   * Groups the rows of all batches (of one schema) by partition tuple, in order of first row; consumes the batches.
   * Rows of one tuple only are not copied: there is a slice for each batch then. Large rows of a tuple are several
   * slices, one after the other. `mostTuples`, at least 1: only rows before the first one that has one more tuple.
   */
  partition(batches: readonly Batch[], transforms: readonly PartitionTransform[], mostTuples?: number): Partitioned;
  /** As `partition`, with the rows of each tuple in pieces: as many as have `pieceBytes` on average, at least one. */
  cluster(batches: readonly Batch[], transforms: readonly PartitionTransform[], options: ClusterOptions): Clustered;
  /**
   * Begins one Parquet file. Free it, unless it was finished.
   * @throws IcestreamError INVALID_ARGUMENT naming the option that cannot be, UNSUPPORTED for a column of a type that
   * Iceberg does not have.
   */
  encoder(options: EncoderOptions): Encoder;
}
