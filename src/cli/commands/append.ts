/** `icestream append FILE… --table NAME`: all rows as one snapshot. */
import type { Command } from 'commander';
import { IcestreamError } from '../../errors.ts';
import type { RecordBatchSource } from '../../source/source.ts';
import type { TableCatalog } from '../../table/table-catalog.ts';
import type { WriteOptions, WriteResult } from '../../write/write-options.ts';
import { action, type CommonFlags } from '../run.ts';
import { type SourceFlags, sourceOf, withSourceFlags } from '../source-flags.ts';
import {
  describeWrite,
  newTable,
  RejectFile,
  refuseRejectFlags,
  refuseTableFlags,
  type TableFlags,
  type WriteFlags,
  withRowFlags,
  withTableFlags,
} from '../write-flags.ts';

interface AppendFlags extends CommonFlags, SourceFlags, WriteFlags, TableFlags {
  readonly table: string;
  readonly create?: boolean;
}

const examples = `
Examples:
  icestream append flights.parquet --table demo.flights --warehouse ./lakehouse --create --partition 'month(date)'
  icestream append 'logs/2026-*.csv.gz' --table web.logs --catalog https://catalog.example/iceberg --on-bad-row reject --rejects bad.jsonl
  producer | icestream append - --format json --table web.events --memory-limit 96MiB --json`;

export function appendCommand(program: Command): void {
  const command = program
    .command('append')
    .summary('append files to a table, as one snapshot')
    .description(
      'Appends Parquet, Arrow, CSV or JSON files (gzip and zstd too) to a table in constant memory, as one snapshot. ' +
        'A file is a path, a pattern, an s3:// or http(s):// location, or - for standard input.',
    )
    .argument('<files...>')
    .requiredOption('--table <name>', 'namespace.table')
    .option('--create', 'create the table (and namespace) when there is none: its columns are those of the source');
  withTableFlags(withSourceFlags(withRowFlags(command)))
    .addHelpText('after', examples)
    .action(
      action<AppendFlags>(async ({ flags, signal, progress, result, ...lakehouse }, ...files) => {
        if (flags.create !== true) refuseTableFlags(flags);
        if (flags.onBadRow !== 'reject') refuseRejectFlags(flags);
        const source = await sourceOf(files, flags, lakehouse);
        const display = await progress(flags.table);
        const rejects = new RejectFile(flags.rejects);
        const { writeOptions } = await import('../write-options.ts');
        const options = { ...writeOptions(flags, { signal, display }), onReject: rejects.write };
        try {
          const written = await write(lakehouse.catalog, flags, source, options, rejects);
          display.stop();
          result({ table: flags.table, ...written }, () => describeWrite(flags.table, written));
        } finally {
          display.stop();
          rejects.close();
        }
      }),
    );
}

async function write(
  catalog: TableCatalog,
  flags: AppendFlags,
  source: RecordBatchSource,
  options: WriteOptions,
  rejects: RejectFile,
): Promise<WriteResult> {
  const table = await catalog.loadTable(flags.table).catch((error: unknown) => {
    if (flags.create && error instanceof IcestreamError && error.code === 'NOT_FOUND') return null;
    throw error;
  });
  if (table !== null) return table.append(source, options);
  try {
    return (await catalog.createAndAppend(flags.table, source, newTable(flags), options)).result;
  } catch (error) {
    // Another load made it in the meantime; nothing of this one is left.
    const late = error instanceof IcestreamError && error.code === 'ALREADY_EXISTS' && source.replayable;
    if (!late) throw error;
    rejects.close();
    return (await catalog.loadTable(flags.table)).append(source, options);
  }
}
