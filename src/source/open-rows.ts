/** Opens plain objects as a source. `rowsSource` loads it when it is opened. */
import type { ArrowField, ArrowSchema, ArrowType } from '../engine/arrow-schema.ts';
import { IcestreamError } from '../errors.ts';
import { shownName } from '../format/column-problem.ts';
import { BadValue } from './bad-value.ts';
import { makeOpenSource } from './batch-flow.ts';
import { batchesWithin } from './batch-rows.ts';
import { knownTypes, lateFields, projected, refuseBadNames } from './column-types.ts';
import { inFile } from './errors-in-file.ts';
import { DEFAULT_BATCH_ROWS, DEFAULT_SAMPLE_ROWS, type SourceOptions } from './options.ts';
import { RejectCounter } from './rejects.ts';
import { RowJsonWriter } from './row-json.ts';
import { RowReading, type Rows } from './row-reading.ts';
import { badRow, RowRun } from './row-run.ts';
import { rowEntries, settled, widen } from './row-types.ts';
import type { OpenSource, OpenSourceOptions } from './source.ts';

export interface RowsContext {
  readonly name: string;
  readonly rows: Rows;
  readonly options: SourceOptions;
  /** The caller's schema, as Arrow. */
  readonly given: ArrowSchema | null;
  readonly open: OpenSourceOptions;
}

export async function openRows(context: RowsContext): Promise<OpenSource> {
  const { name, rows, options, open } = context;
  const reading = new RowReading(rows, name, open);
  try {
    const schema = await schemaOf(context, reading);
    const { columns, onBadRow = 'fail' } = options;
    const batches = batchesWithin(options, schema, open.lease);
    const writer = new RowJsonWriter(schema.fields, columns === undefined ? 'fail' : 'ignore');
    // The writer gives it no others.
    const reader = open.engine.jsonReader({ schema, ...batches, onBadRow, unknownFields: 'fail' });
    const run = new RowRun(reading, writer, reader, onBadRow, new RejectCounter(options.maxBadRows));
    return makeOpenSource({
      name,
      schema,
      batchRows: options.batchRows ?? DEFAULT_BATCH_ROWS,
      totalRows: Array.isArray(rows) ? rows.length : null,
      batches: () => run.batches(),
      close: async () => {
        reader.free();
        await reading.end();
      },
    });
  } catch (error) {
    await reading.end();
    if (error instanceof BadValue) throw badRow(error, name, null);
    throw inFile(error, name);
  }
}

async function schemaOf({ name, options, given, open }: RowsContext, reading: RowReading): Promise<ArrowSchema> {
  const known = new Map([...(open.expected?.fields ?? []), ...(given?.fields ?? [])].map((f) => [f.name, f]));
  const types = new Map<string, ArrowType>();
  const sample = await reading.sample(options.sampleRows ?? DEFAULT_SAMPLE_ROWS);
  sample.forEach((row, index) => {
    for (const [column, value] of rowEntries(row)) {
      const before = types.get(column) ?? { kind: 'null' };
      // Nested values are looked at even so: the type that is known may lack children.
      const skip = known.has(column) && (typeof value !== 'object' || value instanceof Date);
      try {
        types.set(column, skip ? before : widen(before, value, column));
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
        if (known.has(column)) types.set(column, before);
        else throw badRow(error, name, index);
      }
    }
  });
  if (types.size === 0 && given === null) {
    throw new IcestreamError('SOURCE_EMPTY', 'there are no rows to take columns from; give a schema');
  }
  const inferred = Array.from(types, ([column, type]): ArrowField => ({ name: column, nullable: true, type }));
  const fields = knownTypes(inferred, given, open.expected).map(settled);
  fields.push(...lateFields(types.keys(), given, open));
  for (const { name: column } of fields) {
    if (!column.isWellFormed()) throw new BadValue(shownName(column), 'is a name with half of a surrogate pair');
  }
  refuseBadNames({ fields }, name);
  return projected({ fields }, options.columns, name, open);
}
