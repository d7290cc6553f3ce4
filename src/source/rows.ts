/** Plain JavaScript objects as a source. */
import type { ArrowField, ArrowSchema, ArrowType } from '../engine/arrow-schema.ts';
import type { Batch, RejectedRow, TextReader } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import { shownName } from '../format/column-problem.ts';
import { utf8 } from '../util/encoding.ts';
import { BadValue } from './bad-value.ts';
import { handOver, makeOpenSource } from './batch-flow.ts';
import { givenSchema, knownTypes, projected, refuseBadNames } from './column-types.ts';
import { inFile, unreadable } from './errors-in-file.ts';
import { DEFAULT_BATCH_ROWS, DEFAULT_SAMPLE_ROWS, type SourceOptions } from './options.ts';
import { RejectCounter } from './rejects.ts';
import { RowJsonWriter } from './row-json.ts';
import { type Row, rowEntries, settled, widen } from './row-types.ts';
import type { OpenSource, OpenSourceOptions, RecordBatchSource } from './source.ts';

/** Characters of JSON that go to the engine at once. */
const PIECE_CHARACTERS = 64 * 1024;
const REJECTED_TEXT = 4096;

/** Rows that come one by one. */
export type Rows = AsyncIterable<Row> | Iterable<Row>;

/**
 * Objects as rows; property names are column names. Types of columns that neither `schema` nor the table knows come
 * from the first `sampleRows` rows: boolean; number (long while all are whole, else double); bigint (long, or
 * decimal(38, 0) beyond 64 bits); string; Date and Temporal.Instant (timestamptz); Temporal.PlainDate, PlainTime,
 * PlainDateTime (date, time, timestamp); Uint8Array (binary); array (list); Map (map); object (struct). A column of
 * nothing but null is a string. An array of rows can be read again, other iterables once.
 */
export function rowsSource(rows: Rows, options: SourceOptions = {}): RecordBatchSource {
  return new RowsSource(rows, options);
}

class RowsSource implements RecordBatchSource {
  readonly name: string;
  readonly replayable: boolean;
  readonly sizeBytes = null;
  readonly #rows: Rows;
  readonly #options: SourceOptions;
  readonly #given: ArrowSchema | null;
  #taken = false;

  constructor(rows: Rows, options: SourceOptions) {
    this.name = options.name ?? 'rows';
    this.replayable = Array.isArray(rows);
    this.#rows = rows;
    this.#options = options;
    this.#given = givenSchema(options);
    new RejectCounter(options.maxBadRows);
  }

  async open(open: OpenSourceOptions): Promise<OpenSource> {
    if (this.#taken && !this.replayable) {
      throw new IcestreamError('SOURCE_UNREADABLE', `${this.name}: the rows were read already; pass them again`, {
        file: this.name,
      });
    }
    this.#taken = true;
    const reading = new RowReading(this.#rows, this.name, open);
    try {
      const schema = await this.#schema(reading, open);
      const { columns, onBadRow = 'fail', batchRows = DEFAULT_BATCH_ROWS } = this.#options;
      const writer = new RowJsonWriter(schema.fields, columns === undefined ? 'fail' : 'ignore');
      const reader = open.engine.jsonReader({ schema, batchRows, onBadRow });
      const run = new RowRun(reading, writer, reader, onBadRow, new RejectCounter(this.#options.maxBadRows));
      return makeOpenSource({
        name: this.name,
        schema,
        totalRows: Array.isArray(this.#rows) ? this.#rows.length : null,
        batches: () => run.batches(),
        close: async () => {
          reader.free();
          await reading.end();
        },
      });
    } catch (error) {
      await reading.end();
      if (error instanceof BadValue) throw badRow(error, this.name, null);
      throw inFile(error, this.name);
    }
  }

  async #schema(reading: RowReading, open: OpenSourceOptions): Promise<ArrowSchema> {
    const known = new Map([...(open.expected?.fields ?? []), ...(this.#given?.fields ?? [])].map((f) => [f.name, f]));
    const types = new Map<string, ArrowType>();
    const sample = await reading.sample(this.#options.sampleRows ?? DEFAULT_SAMPLE_ROWS);
    sample.forEach((row, index) => {
      for (const [name, value] of rowEntries(row)) {
        const before = types.get(name) ?? { kind: 'null' };
        // Nested values are looked at even so: the type that is known may lack children.
        const skip = known.has(name) && (typeof value !== 'object' || value instanceof Date);
        try {
          types.set(name, skip ? before : widen(before, value, name));
        } catch (error) {
          if (!(error instanceof BadValue)) throw error;
          if (known.has(name)) types.set(name, before);
          else throw badRow(error, this.name, index);
        }
      }
    });
    const inferred = Array.from(types, ([name, type]): ArrowField => ({ name, nullable: true, type }));
    const fields = knownTypes(inferred, this.#given, open.expected).map(settled);
    for (const field of this.#given?.fields ?? []) if (!types.has(field.name)) fields.push(field);
    if (fields.length === 0) {
      throw new IcestreamError('SOURCE_EMPTY', 'there are no rows to take columns from; give a schema');
    }
    for (const { name } of fields) {
      if (!name.isWellFormed()) throw new BadValue(shownName(name), 'is a name with half of a surrogate pair');
    }
    refuseBadNames({ fields }, this.name);
    return projected({ fields }, this.#options.columns, this.name);
  }
}

/** The caller's rows, some of them read ahead. */
class RowReading {
  readonly name: string;
  readonly open: OpenSourceOptions;
  readonly #iterator: AsyncIterator<Row> | Iterator<Row>;
  #ahead: Row[] = [];
  #next = 0;
  #count = 0;
  #ended = false;

  constructor(rows: Rows, name: string, open: OpenSourceOptions) {
    this.name = name;
    this.open = open;
    this.#iterator = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
  }

  /** Up to `count` rows, which will be read again. */
  async sample(count: number): Promise<readonly Row[]> {
    while (this.#ahead.length < count) {
      const row = await this.#pull();
      if (row === null) break;
      this.#ahead.push(row);
    }
    return this.#ahead;
  }

  /** Null at the end. */
  async next(): Promise<Row | null> {
    const row = this.#ahead[this.#next];
    if (row === undefined) return this.#pull();
    this.#next += 1;
    if (this.#next === this.#ahead.length) {
      this.#ahead = [];
      this.#next = 0;
    }
    return row;
  }

  async #pull(): Promise<Row | null> {
    if (this.#ended) return null;
    this.open.signal?.throwIfAborted();
    let result: IteratorResult<Row>;
    try {
      result = await this.#iterator.next();
    } catch (error) {
      this.#ended = true;
      const reason = error instanceof Error ? error.message : String(error);
      throw error instanceof IcestreamError
        ? error
        : unreadableRows(
            `${this.name}: the rows ended with an error after ${this.#count} rows: ${reason}`,
            this.name,
            error,
          );
    }
    if (result.done) {
      this.#ended = true;
      return null;
    }
    const row: unknown = result.value;
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      const what = Array.isArray(row) ? 'an array' : row === null ? 'null' : `a ${typeof row}`;
      throw new IcestreamError('INVALID_VALUE', `${this.name}: row ${this.#count} is ${what}; rows are objects`, {
        file: this.name,
        row: this.#count,
      });
    }
    this.#count += 1;
    return row as Row;
  }

  async end(): Promise<void> {
    this.#ahead = [];
    if (this.#ended) return;
    this.#ended = true;
    try {
      await this.#iterator.return?.();
    } catch (error) {
      // The rows are not wanted any more; a read error has been reported already.
      void unreadable(error, this.name, 0);
    }
  }
}

/** Rows to JSON to batches, with the rows that did not fit. */
class RowRun {
  readonly #reading: RowReading;
  readonly #writer: RowJsonWriter;
  readonly #reader: TextReader;
  readonly #onBadRow: 'fail' | 'reject';
  readonly #rejects: RejectCounter;
  /** Rows that were left out before the engine saw them, ascending: it counts without them. */
  readonly #skipped: number[] = [];

  constructor(
    reading: RowReading,
    writer: RowJsonWriter,
    reader: TextReader,
    onBadRow: 'fail' | 'reject',
    rejects: RejectCounter,
  ) {
    this.#reading = reading;
    this.#writer = writer;
    this.#reader = reader;
    this.#onBadRow = onBadRow;
    this.#rejects = rejects;
  }

  async *batches(): AsyncGenerator<Batch, void, undefined> {
    let text = '';
    let row = 0;
    let own: RejectedRow[] = [];
    for (let next = await this.#reading.next(); next !== null; next = await this.#reading.next(), row++) {
      try {
        text += `${this.#writer.line(next)}\n`;
      } catch (error) {
        own.push(this.#refused(error, row));
      }
      if (text.length < PIECE_CHARACTERS && own.length < 1000) continue;
      yield* this.#give(() => this.#reader.push(utf8(text)), own);
      text = '';
      own = [];
    }
    yield* this.#give(() => [...(text === '' ? [] : this.#reader.push(utf8(text))), ...this.#reader.finish()], own);
  }

  #refused(error: unknown, row: number): RejectedRow {
    if (!(error instanceof BadValue)) throw error;
    if (this.#onBadRow === 'fail') throw badRow(error, this.#reading.name, row);
    this.#skipped.push(row);
    return { line: row + 1, row, column: error.column, reason: error.reason, text: '' };
  }

  *#give(push: () => Batch[], own: readonly RejectedRow[]): Generator<Batch, void, undefined> {
    const { name, open } = this.#reading;
    let batches: Batch[];
    try {
      batches = push();
    } catch (error) {
      throw inFile(this.#renumbered(error), name);
    }
    const theirs = this.#reader.takeRejects().map((r) => ({
      ...r,
      row: this.#rowOf(r.row),
      line: this.#rowOf(r.row) + 1,
      text: r.text.slice(0, REJECTED_TEXT),
    }));
    try {
      this.#rejects.take(
        [...theirs, ...own].sort((a, b) => a.row - b.row),
        name,
        open.onReject,
      );
    } catch (error) {
      for (const batch of batches) batch.free();
      throw error;
    }
    yield* handOver(batches);
  }

  /** The engine's row as the caller counts. */
  #rowOf(row: number): number {
    let at = row;
    for (const skipped of this.#skipped) {
      if (skipped > at) break;
      at += 1;
    }
    return at;
  }

  /** Rows have no lines. */
  #renumbered(error: unknown): unknown {
    if (!(error instanceof IcestreamError) || error.place.row === undefined) return error;
    const { line: _, row, ...place } = error.place;
    return new IcestreamError(error.code, error.message, { ...place, row: this.#rowOf(row ?? 0), cause: error });
  }
}

function badRow(error: BadValue, name: string, row: number | null): IcestreamError {
  const at = row === null ? '' : ` row ${row},`;
  return new IcestreamError('INVALID_VALUE', `${name}:${at} column ${shownName(error.column)}: ${error.reason}`, {
    file: name,
    column: error.column,
    ...(row === null ? {} : { row }),
  });
}

function unreadableRows(message: string, file: string, cause: unknown): IcestreamError {
  return new IcestreamError('SOURCE_UNREADABLE', message, { file, cause });
}
