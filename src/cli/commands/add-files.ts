/** `icestream add-files URI… --table NAME`: registers Parquet files that exist. */
import type { Command } from 'commander';
import { toLocation } from '../locations.ts';
import { action, type CommonFlags } from '../run.ts';
import { describeWrite, type WriteFlags, withWriteFlags } from '../write-flags.ts';

interface AddFilesFlags extends CommonFlags, WriteFlags {
  readonly table: string;
}

export function addFilesCommand(program: Command): void {
  const command = program
    .command('add-files')
    .summary('register Parquet files that exist, without copying them')
    .description(
      'Registers Parquet files as part of a table, in one snapshot. Metrics come from their footers, partition values ' +
        'from the footers or the path. The files must stay where they are: the table owns them from now on.',
    )
    .argument('<uris...>')
    .requiredOption('--table <name>', 'namespace.table');
  withWriteFlags(command).action(
    action<AddFilesFlags>(async ({ flags, signal, progress, result, catalog }, ...uris) => {
      const table = await catalog.loadTable(flags.table);
      const display = await progress(flags.table);
      try {
        const { writeOptions } = await import('../write-options.ts');
        const options = writeOptions(flags, { signal, display });
        const written = await table.addFiles(uris.map(toLocation), options);
        display.stop();
        result({ table: flags.table, ...written }, () => describeWrite(flags.table, written));
      } finally {
        display.stop();
      }
    }),
  );
}
