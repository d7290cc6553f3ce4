/** Rows from the caller's iterable, one by one. */
import { IcestreamError } from '../errors.ts';
import { hasNamedValues, kindOf, type Row } from './row-types.ts';
import type { OpenSourceOptions } from './source.ts';

/** Rows that come one by one. */
export type Rows = AsyncIterable<Row> | Iterable<Row>;

/** The caller's rows, some of them read ahead. */
export class RowReading {
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
    let row: unknown;
    try {
      result = await this.#iterator.next();
      // As `for await` does with an array of promises.
      row = result.value instanceof Promise ? await result.value : result.value;
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
    const what = notRow(row);
    if (what !== null) {
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
    } catch {
      // The rows are not wanted any more: how they fail to end does not matter.
    }
  }
}

/** What is given instead of a row; null: it is one. */
function notRow(row: unknown): string | null {
  if (!hasNamedValues(row)) return kindOf(row);
  if (!(row instanceof Map)) return null;
  for (const name of row.keys()) if (typeof name !== 'string') return `a Map with ${kindOf(name)} as a name`;
  return null;
}

function unreadableRows(message: string, file: string, cause: unknown): IcestreamError {
  return new IcestreamError('SOURCE_UNREADABLE', message, { file, cause });
}
