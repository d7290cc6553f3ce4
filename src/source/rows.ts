/** Plain JavaScript objects as a source. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import { IcestreamError } from '../errors.ts';
import { givenSchema } from './column-types.ts';
import { endUnread } from './end-unread.ts';
import type { SourceOptions } from './options.ts';
import { RejectCounter } from './rejects.ts';
import type { Rows } from './row-reading.ts';
import type { Row } from './row-types.ts';
import type { OpenSource, OpenSourceOptions, RecordBatchSource } from './source.ts';

export type { Row, Rows };

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

  cancel(reason: unknown): void {
    if (this.#taken || this.replayable) return;
    this.#taken = true;
    endUnread(this.#rows, reason);
  }

  async open(open: OpenSourceOptions): Promise<OpenSource> {
    if (this.#taken && !this.replayable) {
      throw new IcestreamError('SOURCE_UNREADABLE', `${this.name}: the rows were read already; pass them again`, {
        file: this.name,
      });
    }
    this.#taken = true;
    const { openRows } = await import('./open-rows.ts');
    return openRows({ name: this.name, rows: this.#rows, options: this.#options, given: this.#given, open });
  }
}
