/** Options of sources. All are optional; formats ignore those that are not theirs. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import type { CsvDialect } from '../engine/engine.ts';
import type { Schema } from '../spec/schema.ts';
import type { World } from '../util/world.ts';
import type { Compression, FileFormat } from './format-names.ts';

/**
 * How CSV is written; what is not given is inferred from the first bytes. Blank lines are no rows, but for a file of one
 * column: there each one below the header is a row with an empty cell, as DuckDB and PostgreSQL write a null.
 */
export interface CsvOptions extends Partial<CsvDialect> {
  /** Names by position, instead of the header's (which is still left out when there is one). */
  readonly columnNames?: readonly string[];
}

export interface SourceOptions {
  /** For messages and progress, and to recognise the format by. Default: the file's or the location's name. */
  readonly name?: string;
  /** Default: recognised by the first bytes, then by the name's ending. */
  readonly format?: FileFormat;
  /** Default: recognised by the first bytes. */
  readonly compression?: Compression | 'none';
  /**
   * Types of the columns it names, for CSV, JSON and rows: an Iceberg schema or an Arrow schema, matched by name. The
   * others take the table's types where there is a table, else they are inferred from the first rows. A column that a
   * file with a header lacks is an error; in JSON and rows it may come later. Numbers of text are inferred as long, or,
   * with a point or an exponent, as double, which keeps 15 to 17 digits: name a decimal here where there are more.
   * Parquet and Arrow have types of their own: another one here is an error.
   */
  readonly schema?: ArrowSchema | Schema;
  readonly csv?: CsvOptions;
  /**
   * Arrow streams: refuse one that ends without its end-of-stream marker, because it may have been cut off between two
   * batches. Default true.
   */
  readonly requireEndOfStream?: boolean;
  /** Top-level columns to read, in this order. Default: all. Parquet fetches no others. */
  readonly columns?: readonly string[];
  /**
   * A row of text that does not fit its columns: `fail` (default) ends the source with INVALID_VALUE; `reject` leaves
   * the row out and reports it (`onReject` of the write). Where it cannot be told where rows begin (a quote of CSV that
   * is never closed, a header that cannot be read) the source ends with SOURCE_CORRUPT.
   */
  readonly onBadRow?: 'fail' | 'reject';
  /** Rows that may be rejected before the source ends with TOO_MANY_BAD_ROWS. Default: no limit. */
  readonly maxBadRows?: number;
  /** Most rows of a batch from text, rows and Parquet, of which 1/16 of the memory limit holds one. Default 8,192. */
  readonly batchRows?: number;
  /**
   * Bytes of text (after decompression) to infer dialect and types from. Default 256 KiB, at least 64 KiB; where the
   * first row is longer, as many as it has (at most 16 MiB, and 1/16 of the memory limit). JSON: a row
   * after them with a field that neither they nor `schema` have does not fit (see `onBadRow`), so that no field is lost
   * without a word; where `columns` is given, fields of the row that it does not name are left out.
   */
  readonly sampleBytes?: number;
  /** Rows to infer types from, when the source is JavaScript objects. Default 1,000. */
  readonly sampleRows?: number;
  /** HTTP headers for URLs: `authorization`, … */
  readonly headers?: Readonly<Record<string, string>>;
  /** Clock, random and `fetch`. Default: the runtime's own. */
  readonly world?: World;
}

export const DEFAULT_BATCH_ROWS = 8192;
export const DEFAULT_SAMPLE_BYTES = 256 * 1024;
export const MIN_SAMPLE_BYTES = 64 * 1024;
export const DEFAULT_SAMPLE_ROWS = 1000;
