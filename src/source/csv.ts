/** CSV: names from the header, dialect and types from a sample, rows checked one by one. */
import type { ArrowField, ArrowSchema, ArrowType } from '../engine/arrow-schema.ts';
import type { CsvInference, Engine, GivenCsv } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import { arrowTypeName } from '../format/arrow-type-name.ts';
import { columnError } from '../format/column-problem.ts';
import type { Bytes } from '../util/bytes.ts';
import { defined } from '../util/defined.ts';
import { batchesWithin } from './batch-rows.ts';
import type { ByteStream } from './byte-stream.ts';
import { knownTypes, refuseBadNames, refuseUnknownTypes } from './column-types.ts';
import { BAD_ONLY_ROW, BAD_ROW, inFile } from './errors-in-file.ts';
import type { FileContext } from './file-context.ts';
import { inferred, type Sample } from './sample.ts';
import type { OpenSource } from './source.ts';
import { openText } from './text-source.ts';

/** Takes over the stream. `tabs`: the name says that cells are separated by tabs. */
export async function openCsv(stream: ByteStream, context: FileContext, tabs: boolean): Promise<OpenSource> {
  const { name, options, open, given } = context;
  const { columnNames, ...dialect } = options.csv ?? {};
  try {
    const namesGiven = columnNames !== undefined;
    const told = defined({ ...(tabs ? { delimiter: '\t' } : {}), ...dialect, namesGiven });
    if (told.quote === null && typeof told.escape === 'string') {
      throw new IcestreamError(
        'INVALID_ARGUMENT',
        'csv.escape has a meaning within quotes only, and csv.quote is null: name the quote character, or leave csv.escape out',
        { option: 'csv.escape' },
      );
    }
    const known = [...(given?.fields ?? []), ...(open.expected?.fields ?? [])];
    const found = await inferred(
      stream,
      context,
      (sample) => ({
        ...inferDialect(open.engine, sample, told, known, columnNames?.length),
        isAll: sample.whole,
      }),
      'look for a quote that is opened and never closed (where quotes mean nothing, csv.quote is null), or name the ' +
        'format if it is another (option format)',
    );
    const fields = named(found, columnNames, given);
    refuseBadNames({ fields }, name);
    refuseUnknownTypes(given, { fields }, name, open);
    const schema: ArrowSchema = { fields: knownTypes(fields, given, open.expected) };
    refuseNested(schema, name);
    const reader = open.engine.csvReader({
      dialect: found.dialect,
      namesGiven,
      schema,
      ...batchesWithin(options, schema, open.lease),
      onBadRow: options.onBadRow ?? 'fail',
    });
    return openText(stream, reader, context, fields.length === found.schema.fields.length ? BAD_ROW : BAD_ONLY_ROW);
  } catch (error) {
    throw inFile(error, name);
  }
}

const DELIMITERS = [',', ';', '\t', '|'];

/**
 * What the sample says; where it cannot tell the delimiter (few rows, or many bad ones), a header that has names of
 * the caller's or the table's does, or the number of names that the caller gives.
 */
function inferDialect(
  engine: Engine,
  sample: Sample,
  told: GivenCsv,
  known: readonly ArrowField[],
  columns: number | undefined,
): CsvInference {
  const names = new Set(known.map((f) => f.name));
  const hits = (found: CsvInference) => found.schema.fields.filter((f) => names.has(f.name)).length;
  const infer = (dialect: GivenCsv) => engine.inferCsv(sample.bytes, dialect, sample.whole);
  /** Null: the header makes no sense with it. */
  const tried = (dialect: GivenCsv) => {
    try {
      return infer(dialect);
    } catch (error) {
      if (error instanceof IcestreamError && error.code === 'SOURCE_CORRUPT') return null;
      throw error;
    }
  };
  let best = infer(told);
  if (hits(best) > 0) return best;
  const header = told.header ?? true;
  const delimiters = told.delimiter === undefined ? DELIMITERS : [told.delimiter];
  // More columns only: that another delimiter makes fewer of them is no reason to take it.
  if (columns !== undefined && best.schema.fields.length < columns) {
    for (const delimiter of delimiters) {
      const found = tried({ ...told, delimiter });
      if (found?.schema.fields.length === columns) return found;
    }
  }
  if (names.size === 0) {
    const [only, ...others] = best.schema.fields;
    if (only === undefined || others.length > 0 || !best.dialect.header || told.delimiter !== undefined) return best;
    const cut = DELIMITERS.find((delimiter) => only.name.includes(delimiter) && isInHalf(sample.bytes, delimiter));
    return cut === undefined ? best : (tried({ ...told, delimiter: cut, header }) ?? best);
  }
  for (const delimiter of header ? delimiters : []) {
    const found = tried({ ...told, delimiter, header });
    if (found !== null && hits(found) > hits(best)) best = found;
  }
  return best;
}

/** Whether at least half of the lines have it: the others are bad rows then, and not the proof of another dialect. */
function isInHalf(sample: Bytes, delimiter: string): boolean {
  const lines = new TextDecoder()
    .decode(sample)
    .split(/\r?\n/)
    .filter((line) => line !== '');
  return 2 * lines.filter((line) => line.includes(delimiter)).length >= lines.length;
}

/**
 * Names: those given, else the header's; without a header, those of the schema when it has as many columns. An only row
 * that is cut into more or fewer is a bad row: the reader says so.
 */
function named(
  { schema: { fields }, dialect, rows, isAll }: CsvInference & { readonly isAll: boolean },
  columnNames: readonly string[] | undefined,
  given: ArrowSchema | null,
): ArrowField[] {
  const isOnly = !dialect.header && rows === 1 && isAll;
  const own = new Set(fields.map((f) => f.name));
  const headless =
    !dialect.header &&
    (given?.fields.length === fields.length || (isOnly && given?.fields.every((f) => !own.has(f.name)) === true));
  const names = columnNames ?? (headless ? given?.fields.map((f) => f.name) : undefined);
  if (names === undefined) return [...fields];
  if (names.length !== fields.length && !isOnly) {
    const count = fields.length;
    const found = dialect.header ? `the header has ${some(count, 'name')}` : `most rows have ${some(count, 'field')}`;
    throw new IcestreamError(
      'SCHEMA_MISMATCH',
      `csv.columnNames has ${some(names.length, 'name')} and ${found}; name every column of the file, in its order`,
      { option: 'csv.columnNames' },
    );
  }
  return names.map((name, i) => ({ ...(fields[i] ?? TEXT), name }));
}

/** Of a column that no row shows. */
const TEXT: Omit<ArrowField, 'name'> = { nullable: true, type: { kind: 'utf8', layout: 'offset32' } };

function some(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

const NESTED: ReadonlySet<ArrowType['kind']> = new Set(['list', 'fixed_size_list', 'struct', 'map', 'union']);

function refuseNested(schema: ArrowSchema, name: string): void {
  const problems = schema.fields
    .filter((f) => NESTED.has(f.type.kind))
    .map((f) => ({
      column: f.name,
      problem: `is ${arrowTypeName(f.type)}; a CSV cell holds one value: use JSON lines`,
    }));
  if (problems.length > 0) throw columnError('SCHEMA_MISMATCH', `${name} cannot hold nested columns`, problems);
}
