/** `icestream catalog …`: namespaces and tables by name. */
import type { Command } from 'commander';
import { formatIdentifier, formatNamespace } from '../../catalog/identifier.ts';
import { action, type CommonFlags } from '../run.ts';

interface DropFlags extends CommonFlags {
  readonly purge?: boolean;
}

export function catalogCommand(program: Command): void {
  const catalog = program.command('catalog').summary('namespaces and tables: list, drop, rename, register');

  catalog
    .command('list')
    .description('Lists namespaces, or the tables and namespaces of one.')
    .argument('[namespace]')
    .action(
      action<CommonFlags>(async ({ catalog, signal, result }, namespace) => {
        const namespaces = (await catalog.listNamespaces(namespace, { signal })).map(formatNamespace);
        const tables = namespace === undefined ? [] : await catalog.listTables(namespace, { signal });
        const names = tables.map(formatIdentifier);
        result({ namespaces, tables: names }, () => [...namespaces.map((name) => `${name}.`), ...names].join('\n'));
      }),
    );

  catalog
    .command('create-namespace')
    .argument('<namespace>')
    .action(
      action<CommonFlags>(async ({ catalog, signal, result }, namespace = '') => {
        await catalog.createNamespace(namespace, {}, { signal });
        result({ namespace }, () => `created namespace ${namespace}`);
      }),
    );

  catalog
    .command('drop-namespace')
    .description('Drops an empty namespace.')
    .argument('<namespace>')
    .action(
      action<CommonFlags>(async ({ catalog, signal, result }, namespace = '') => {
        await catalog.dropNamespace(namespace, { signal });
        result({ namespace }, () => `dropped namespace ${namespace}`);
      }),
    );

  catalog
    .command('drop')
    .description('Drops a table.')
    .argument('<table>')
    .option('--purge', 'also its files; without it they stay where they are')
    .action(
      action<DropFlags>(async ({ flags, catalog, signal, result }, table = '') => {
        await catalog.dropTable(table, { purge: flags.purge ?? false, signal });
        result({ table }, () => `dropped ${table}`);
      }),
    );

  catalog
    .command('rename')
    .argument('<from>')
    .argument('<to>')
    .action(
      action<CommonFlags>(async ({ catalog, signal, result }, from = '', to = '') => {
        await catalog.renameTable(from, to, { signal });
        result({ from, to }, () => `renamed ${from} to ${to}`);
      }),
    );

  catalog
    .command('register')
    .description('Registers a table that exists, by its metadata file.')
    .argument('<table>')
    .argument('<metadata-location>')
    .action(
      action<CommonFlags>(async ({ catalog, signal, result }, table = '', location = '') => {
        await catalog.registerTable(table, location, { signal });
        result({ table, metadataLocation: location }, () => `registered ${table}`);
      }),
    );
}
