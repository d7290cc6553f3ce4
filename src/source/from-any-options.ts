/** The options of `fromAny`, and what is none of them. */
import {
  type OptionNames,
  requireBooleans,
  requireCount,
  requireKnownOptions,
  requireNames,
  requireOneOf,
} from '../util/known-options.ts';
import type { ManyOptions } from './many.ts';
import type { CsvOptions, SourceOptions } from './options.ts';
import { requireSchema } from './schema-option.ts';

export interface FromAnyOptions extends SourceOptions, Omit<ManyOptions, 'name' | 'maxBadRows'> {}

const NAMES: OptionNames<FromAnyOptions> = {
  name: true,
  format: true,
  compression: true,
  schema: true,
  csv: true,
  requireEndOfStream: true,
  columns: true,
  onBadRow: true,
  maxBadRows: true,
  batchRows: true,
  sampleBytes: true,
  sampleRows: true,
  headers: true,
  world: true,
  unionByName: true,
  hivePartitioning: true,
};

const CSV_NAMES: OptionNames<CsvOptions> = {
  delimiter: true,
  quote: true,
  escape: true,
  comment: true,
  header: true,
  nullValues: true,
  columnNames: true,
};

/** Whether `fromAny` takes an option of this name. */
export function isSourceOption(name: string): boolean {
  return Object.hasOwn(NAMES, name);
}

/** What to do with an option that is none of a source, where that is known. */
export function adviceForSource(name: string): string | undefined {
  return Object.hasOwn(CSV_NAMES, name) ? `write it as { csv: { ${name}: … } }` : undefined;
}

/** @throws TypeError naming the option at fault. */
export function checkSourceOptions(options: FromAnyOptions): void {
  requireKnownOptions('fromAny', options, NAMES, adviceForSource);
  checkSourceValues('fromAny', options);
}

/**
 * What can be told before anything is read; names of other options than `csv` are not looked at.
 * @throws TypeError naming the option at fault.
 */
export function checkSourceValues(taker: string, options: FromAnyOptions): void {
  const { format, compression, columns, onBadRow, batchRows, sampleBytes, sampleRows, csv, schema } = options;
  const { requireEndOfStream, unionByName, hivePartitioning } = options;
  requireOneOf('format', format, ['arrow', 'parquet', 'csv', 'json']);
  requireOneOf('compression', compression, ['gzip', 'zstd', 'none']);
  requireOneOf('onBadRow', onBadRow, ['fail', 'reject']);
  requireNames('columns', columns);
  requireBooleans({ requireEndOfStream, unionByName, hivePartitioning });
  requireSchema(schema);
  for (const [option, count] of Object.entries({ batchRows, sampleBytes, sampleRows })) requireCount(option, count);
  if (csv === undefined) return;
  requireKnownOptions(`option csv of ${taker}`, csv, CSV_NAMES);
  requireBooleans({ 'csv.header': csv.header });
  requireNames('csv.columnNames', csv.columnNames);
  requireNames('csv.nullValues', csv.nullValues, 'texts');
  requireCharacter('csv.delimiter', csv.delimiter);
  for (const name of ['quote', 'escape', 'comment'] as const) {
    // Null: there is none.
    if (csv[name] !== null) requireCharacter(`csv.${name}`, csv[name]);
  }
}

function requireCharacter(option: string, character: string | null | undefined): void {
  if (character === undefined || (typeof character === 'string' && /^[\0-\x7f]$/.test(character))) return;
  throw new TypeError(`${option} must be one ASCII character, not ${JSON.stringify(character)}`);
}
