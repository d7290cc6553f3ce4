/** The contract of a source: an Arrow schema, and engine batches on demand. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import type { Batch, Engine } from '../engine/engine.ts';
import type { MemoryLease } from '../util/memory-budget.ts';
import type { RejectedRow } from './rejects.ts';

/** What the rows are meant for. */
export interface ExpectedSchema extends ArrowSchema {
  /**
   * Top-level columns of it whose absence means null: a source that knows its columns only from a sample takes them up
   * even so, because they may come later.
   */
  readonly optional?: readonly string[];
}

export interface OpenSourceOptions {
  readonly engine: Engine;
  readonly lease: MemoryLease;
  readonly signal?: AbortSignal;
  /**
   * The schema the rows are meant for, when there is one (the table's, by `arrowSchemaFromIceberg`). Sources that would
   * guess types (CSV, JSON, rows) take the types of the columns it names from here; others ignore it.
   */
  readonly expected?: ExpectedSchema;
  /** Columns that the source's path gives: the caller may name them though the source lacks them. */
  readonly pathColumns?: ReadonlySet<string>;
  /** Whether the caller may name columns that only other sources of the same list have. Default false. */
  readonly isPartial?: boolean;
  /** Called with bytes read from the outside, before decompression. */
  readonly onBytesRead?: (bytes: number) => void;
  /** Called for rows left out under `onBadRow: 'reject'`, in order. */
  readonly onReject?: (rejects: readonly RejectedRow[]) => void;
}

/** A source that was opened: its schema is known, its rows were not read yet. */
export interface OpenSource extends AsyncDisposable {
  readonly schema: ArrowSchema;
  /** Rows, when the source says so in its header or footer. */
  readonly totalRows: number | null;
  /**
   * What reading it may hold in the engine, beside the batches it gave, when it is let: it keeps to
   * `readerShareBytes` of the lease. Default: next to nothing.
   */
  readonly engineBytes?: number;
  /**
   * Most rows of a batch, where the source itself makes batches; it ends one earlier that would take more than a
   * quarter of `readerShareBytes`. Default: it is not known.
   */
  readonly batchRows?: number;
  /** Whether the columns of a batch have memory of their own, so that each can go before the others. Default false. */
  readonly columnsApart?: boolean;
  /**
   * Consumed once. A batch belongs to the consumer; `return()` frees the rest. Errors: SOURCE_UNREADABLE,
   * SOURCE_CORRUPT, INVALID_VALUE, SCHEMA_MISMATCH (a batch whose schema differs from the first), TOO_MANY_BAD_ROWS.
   */
  batches(): AsyncIterable<Batch>;
  /** Where the last batch came from, for messages: a file's name. */
  readonly currentFile: string | null;
}

export interface RecordBatchSource {
  /** For messages and progress: a file name, a URL without credentials, or what it is. */
  readonly name: string;
  /** Whether it can be opened again. */
  readonly replayable: boolean;
  /** Bytes to be read, when known: some sources learn it when they are opened. */
  readonly sizeBytes: number | null;
  /** Reads as much as it takes to know the schema (a header, a footer, a sample). */
  open(options: OpenSourceOptions): Promise<OpenSource>;
  /**
   * Ends what it was given and has not opened, a stream above all: a signal fired, so nobody will. Parts of it that are
   * open end with what they were opened as. Default: there is nothing to end.
   */
  cancel?(reason: unknown): void;
}
