/** `icestream inspect NAME [what]`: what a table consists of. */
import { Argument, type Command } from 'commander';
import { ownValue } from '../../spec/json-cursor.ts';
import { formatPartitioning } from '../../spec/partition-format.ts';
import type { Table } from '../../table/table.ts';
import { bytes, table as columnsOf, count, toJsonLine } from '../output.ts';
import { action, type CommonFlags } from '../run.ts';
import { wholeBigint } from '../source-flags.ts';

const views = ['summary', 'schema', 'snapshots', 'history', 'manifests', 'files', 'properties', 'metadata'] as const;
type View = (typeof views)[number];

interface InspectFlags extends CommonFlags {
  readonly snapshot?: string;
}

export function inspectCommand(program: Command): void {
  program
    .command('inspect')
    .summary('show what a table consists of')
    .description("Shows a table's schema, snapshots, files and so on. With --json: one object, 64-bit ids as strings.")
    .argument('<table>')
    .addArgument(new Argument('[what]').choices(views).default('summary'))
    .option('--snapshot <id>', 'manifests and files of this snapshot instead of the current one')
    .action(
      action<InspectFlags>(async ({ flags, catalog, signal, result }, name = '', what = 'summary') => {
        const table = await catalog.loadTable(name, { signal });
        const snapshotId = flags.snapshot === undefined ? undefined : wholeBigint(flags.snapshot, '--snapshot');
        const { data, text } = await view(table, what as View, snapshotId);
        result({ table: name, what, [what]: data }, () => text);
      }),
    );
}

async function view(table: Table, what: View, snapshotId?: bigint): Promise<{ data: unknown; text: string }> {
  switch (what) {
    case 'summary':
      return summary(table);
    case 'schema': {
      const rows = table.columns();
      const text = columnsOf(
        ['id', 'column', 'type', 'required'],
        rows.map(({ id, path, type, required }) => [id, path, type, required ? 'yes' : '']),
      );
      return { data: rows, text };
    }
    case 'snapshots': {
      const rows = table.snapshots();
      const text = columnsOf(
        ['snapshot', 'committed', 'operation', 'added rows', 'total rows', 'refs'],
        rows.map((row) => [
          `${row.snapshotId}`,
          time(row.committedAtMs),
          row.operation,
          ownValue(row.summary, 'added-records') ?? '',
          ownValue(row.summary, 'total-records') ?? '',
          row.refs.join(', '),
        ]),
      );
      return { data: rows, text };
    }
    case 'history': {
      const rows = table.history();
      const text = columnsOf(
        ['made current', 'snapshot', 'ancestor of the current'],
        rows.map((row) => [time(row.madeCurrentAtMs), `${row.snapshotId}`, row.isAncestor ? 'yes' : 'no']),
      );
      return { data: rows, text };
    }
    case 'manifests': {
      const rows = await table.manifests(snapshotId);
      const text = columnsOf(
        ['manifest', 'content', 'bytes', 'added files', 'existing', 'deleted'],
        rows.map((row) => [
          row.manifestPath,
          row.content,
          row.manifestLength,
          row.addedFilesCount,
          row.existingFilesCount,
          row.deletedFilesCount,
        ]),
      );
      return { data: rows, text };
    }
    case 'files': {
      const rows = [];
      for await (const row of table.files(snapshotId)) rows.push(row);
      const text = columnsOf(
        ['file', 'partition', 'rows', 'bytes'],
        rows.map(({ file, partitionPath }) => [file.filePath, partitionPath, file.recordCount, file.fileSizeInBytes]),
      );
      return { data: rows, text };
    }
    case 'properties': {
      const rows = Object.entries(table.properties).sort();
      return { data: table.properties, text: columnsOf(['property', 'value'], rows) };
    }
    case 'metadata':
      return { data: table.metadata, text: toJsonLine({ type: 'result', metadata: table.metadata }) };
  }
}

function summary(table: Table): { data: unknown; text: string } {
  const snapshot = table.currentSnapshot;
  const total = (name: string) => {
    const value = ownValue(snapshot?.summary, name);
    return value === undefined ? null : BigInt(value);
  };
  const partitioning = formatPartitioning(table.spec, table.schema);
  const data = {
    location: table.location,
    metadataLocation: table.metadataLocation,
    formatVersion: table.metadata['format-version'],
    partitioning,
    columns: table.schema.fields.length,
    snapshots: table.snapshots().length,
    snapshotId: snapshot?.['snapshot-id'] ?? null,
    rows: total('total-records'),
    files: total('total-data-files'),
    bytes: total('total-files-size'),
  };
  const size = data.bytes === null ? '' : `, ${bytes(data.bytes)}`;
  const lines = [
    `${table.name} (Iceberg v${data.formatVersion})`,
    `location      ${data.location}`,
    `columns       ${data.columns}`,
    `partitioning  ${partitioning === '' ? 'none' : partitioning}`,
    `snapshots     ${data.snapshots}`,
    `rows          ${data.rows === null ? (snapshot === null ? '0' : 'unknown') : count(data.rows)}`,
    `files         ${data.files === null ? (snapshot === null ? '0' : 'unknown') : count(data.files)}${size}`,
  ];
  return { data, text: lines.join('\n') };
}

function time(ms: bigint): string {
  return new Date(Number(ms)).toISOString();
}
