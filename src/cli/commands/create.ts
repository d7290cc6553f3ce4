/** `icestream create NAME --schema '…'`: an empty table. */
import type { Command } from 'commander';
import { IcestreamError } from '../../errors.ts';
import { action, type CommonFlags } from '../run.ts';
import { newTable, type TableFlags, withTableFlags } from '../write-flags.ts';

interface CreateFlags extends CommonFlags, TableFlags {}

export function createCommand(program: Command): void {
  const command = program
    .command('create')
    .summary('create an empty table')
    .description("Creates an empty table (and its namespace). To take the columns from a file: 'append --create'.")
    .argument('<table>');
  withTableFlags(command).action(
    action<CreateFlags>(async ({ flags, catalog, signal, result }, name = '') => {
      const { schema, ...request } = newTable(flags);
      if (schema === undefined) {
        throw new IcestreamError('INVALID_ARGUMENT', "create needs --schema, like 'id long not null, name string'", {
          option: '--schema',
        });
      }
      const table = await catalog.createTable(name, schema, request, { signal });
      result({ table: name, location: table.location, metadataLocation: table.metadataLocation }, () =>
        [`created ${name}`, `at ${table.location}`].join('\n'),
      );
    }),
  );
}
