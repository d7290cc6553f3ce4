/** From file arguments and flags to one source. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { IcestreamError } from '../errors.ts';
import type { FileFormat } from '../source/format-names.ts';
import type { FromAnyOptions, SourceInput } from '../source/from-any.ts';
import type { CsvOptions } from '../source/options.ts';
import type { RecordBatchSource } from '../source/source.ts';
import { toLocation } from './locations.ts';
import type { Lakehouse } from './open-catalog.ts';
import { parseSchemaText } from './schema-text.ts';
import { standardInput } from './standard-input.ts';

export interface SourceFlags {
  readonly format?: FileFormat;
  readonly types?: string;
  readonly columns?: string;
  readonly onBadRow?: 'fail' | 'reject';
  readonly maxBadRows?: string;
  readonly hive?: boolean;
  readonly unionByName?: boolean;
  readonly delimiter?: string;
  readonly quote?: string;
  readonly header?: boolean;
  readonly columnNames?: string;
  readonly nullValue?: readonly string[];
  readonly comment?: string;
  readonly requireEndOfStream?: boolean;
}

export function withSourceFlags(command: Command): Command {
  return command
    .addOption(new Option('--format <name>', 'instead of recognising it').choices(['arrow', 'parquet', 'csv', 'json']))
    .option(
      '--types <columns>',
      "types of CSV and JSON columns, like 'id long, day date'; others are inferred; refused where a Parquet or Arrow file has others",
    )
    .option('--columns <names>', 'read only these columns, comma-separated')
    .addOption(new Option('--on-bad-row <action>', 'a row of text that does not fit').choices(['fail', 'reject']))
    .option('--max-bad-rows <count>', 'with reject: fail when more rows than this are left out')
    .option('--hive', 'k=v folders of the path become columns')
    .option('--union-by-name', 'many files: columns are the union of theirs, matched by name')
    .option('--delimiter <character>', 'CSV: instead of inferring it; \\t for a tab')
    .option('--quote <character>', 'CSV: the quote character')
    .option('--no-header', 'CSV: the first line is data')
    .option('--column-names <names>', 'CSV: names of the columns, comma-separated, instead of those of the header')
    .option('--null-value <text...>', 'CSV: cells that mean null (default: the empty cell)')
    .option('--no-require-end-of-stream', 'Arrow: take streams that end without their end marker')
    .option('--comment <character>', 'CSV: leave out lines that start with it');
}

export async function sourceOf(
  files: readonly string[],
  flags: SourceFlags,
  lakehouse: Lakehouse,
): Promise<RecordBatchSource> {
  const { fromAny } = await import('../source/from-any.ts');
  const inputs = await Promise.all(files.map((file) => inputOf(file, lakehouse)));
  const [only] = inputs;
  const name = files.length === 1 && files[0] === '-' ? 'standard input' : undefined;
  return fromAny(inputs.length === 1 && only !== undefined ? only : inputs, {
    ...sourceOptions(flags),
    ...(name === undefined ? {} : { name }),
  });
}

async function inputOf(file: string, lakehouse: Lakehouse): Promise<SourceInput> {
  if (file === '-') return standardInput();
  if (/^https?:\/\//i.test(file)) return new URL(file);
  const location = toLocation(file);
  const store = await lakehouse.storeFor(location);
  return /[*?[{]/.test(file) ? { store, glob: location } : { store, location };
}

function sourceOptions(flags: SourceFlags): FromAnyOptions {
  const csv: CsvOptions = {
    ...(flags.delimiter === undefined ? {} : { delimiter: flags.delimiter.replace('\\t', '\t') }),
    ...(flags.quote === undefined ? {} : { quote: flags.quote }),
    ...(flags.header === false ? { header: false } : {}),
    ...(flags.columnNames === undefined ? {} : { columnNames: nameList(flags.columnNames) }),
    ...(flags.nullValue === undefined ? {} : { nullValues: flags.nullValue }),
    ...(flags.comment === undefined ? {} : { comment: flags.comment }),
  };
  return {
    csv,
    ...(flags.format === undefined ? {} : { format: flags.format }),
    ...(flags.types === undefined ? {} : { schema: parseSchemaText(flags.types) }),
    ...(flags.columns === undefined ? {} : { columns: nameList(flags.columns) }),
    ...(flags.onBadRow === undefined ? {} : { onBadRow: flags.onBadRow }),
    ...(flags.maxBadRows === undefined ? {} : { maxBadRows: wholeNumber(flags.maxBadRows, '--max-bad-rows') }),
    ...(flags.requireEndOfStream === false ? { requireEndOfStream: false } : {}),
    ...(flags.hive === undefined ? {} : { hivePartitioning: flags.hive }),
    ...(flags.unionByName === undefined ? {} : { unionByName: flags.unionByName }),
  };
}

export function wholeNumber(text: string, option: string): number {
  const number = Number(wholeBigint(text, option));
  if (Number.isSafeInteger(number)) return number;
  throw new IcestreamError('INVALID_ARGUMENT', `${option} takes at most ${Number.MAX_SAFE_INTEGER}`, { option });
}

/** Of at most 64 bits, about. */
export function wholeBigint(text: string, option: string): bigint {
  if (/^\d{1,19}$/.test(text)) return BigInt(text);
  throw new IcestreamError('INVALID_ARGUMENT', `${option} takes a whole number, not '${text}'`, { option });
}

/** Names between commas. */
export function nameList(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}
