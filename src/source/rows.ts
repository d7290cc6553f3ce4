/** Plain JavaScript objects as a source. */
import type { ArrowField, ArrowSchema, ArrowType } from '../engine/arrow-schema.ts';
import { IcestreamError } from '../errors.ts';
import { shownName } from '../format/column-problem.ts';
import { BadValue } from './bad-value.ts';
import { makeOpenSource } from './batch-flow.ts';
import { givenSchema, knownTypes, lateFields, projected, refuseBadNames } from './column-types.ts';
import { inFile } from './errors-in-file.ts';
import { DEFAULT_BATCH_ROWS, DEFAULT_SAMPLE_ROWS, type SourceOptions } from './options.ts';
import { RejectCounter } from './rejects.ts';
import { RowJsonWriter } from './row-json.ts';
import { RowReading, type Rows } from './row-reading.ts';
import { badRow, RowRun } from './row-run.ts';
import { type Row, rowEntries, settled, widen } from './row-types.ts';
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
      // The writer gives it no others.
      const reader = open.engine.jsonReader({ schema, batchRows, onBadRow, unknownFields: 'fail' });
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
    if (types.size === 0 && this.#given === null) {
      throw new IcestreamError('SOURCE_EMPTY', 'there are no rows to take columns from; give a schema');
    }
    const inferred = Array.from(types, ([name, type]): ArrowField => ({ name, nullable: true, type }));
    const fields = knownTypes(inferred, this.#given, open.expected).map(settled);
    fields.push(...lateFields(types.keys(), this.#given, open.expected));
    for (const { name } of fields) {
      if (!name.isWellFormed()) throw new BadValue(shownName(name), 'is a name with half of a surrogate pair');
    }
    refuseBadNames({ fields }, this.name);
    return projected({ fields }, this.#options.columns, this.name);
  }
}
