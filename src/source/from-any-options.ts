/** The options of `fromAny`, and what is none of them. */
import { type OptionNames, requireKnownOptions, requireNames } from '../util/known-options.ts';
import type { ManyOptions } from './many.ts';
import type { CsvOptions, SourceOptions } from './options.ts';

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

/** @throws TypeError naming the option at fault. */
export function checkSourceOptions(options: FromAnyOptions): void {
  requireKnownOptions('fromAny', options, NAMES, (name) =>
    Object.hasOwn(CSV_NAMES, name) ? `write it as { csv: { ${name}: … } }` : undefined,
  );
  requireNames('columns', options.columns);
  if (options.csv === undefined) return;
  requireKnownOptions('option csv of fromAny', options.csv, CSV_NAMES);
  requireNames('csv.columnNames', options.csv.columnNames);
}
