/** `icestream scan NAME`: the rows of a table. */
import { type Command, Option } from 'commander';
import { IcestreamError } from '../../errors.ts';
import type { RowValue } from '../../scan/ipc-rows.ts';
import type { ScanOptions } from '../../scan/scan-options.ts';
import type { TableScan } from '../../scan/table-scan.ts';
import { RowTable } from '../row-table.ts';
import { csvLine, jsonLine } from '../row-text.ts';
import { action, type CommonFlags } from '../run.ts';
import { parseSize } from '../sizes.ts';
import { nameList, wholeBigint, wholeNumber } from '../source-flags.ts';

const formats = ['table', 'csv', 'ndjson', 'arrow'] as const;
type Format = (typeof formats)[number];

interface ScanFlags extends CommonFlags {
  readonly select?: string;
  readonly limit?: string;
  readonly snapshotId?: string;
  readonly ref?: string;
  readonly asOf?: string;
  readonly format?: Format;
  readonly memoryLimit?: string;
}

const examples = `
Examples:
  icestream scan demo.flights --warehouse ./lakehouse --limit 10
  icestream scan demo.flights --warehouse ./lakehouse --select date,delay --format csv > delays.csv
  icestream scan web.logs --catalog prod --as-of 2026-11-01T00:00:00Z --format arrow | other-program`;

export function scanCommand(program: Command): void {
  program
    .command('scan')
    .summary("print a table's rows")
    .description(
      "Prints a table's rows as they are read: a readable table, or CSV, JSON lines or an Arrow stream for another program. " +
        'Numbers of 64 bits, decimals and timestamps are exact. With --json: JSON lines.',
    )
    .argument('<table>')
    .option('--select <columns>', 'names, separated by commas, in the order wanted (default: all)')
    .option('--limit <rows>', 'most rows')
    .option('--snapshot-id <id>', 'the rows of this snapshot instead of the current one')
    .addOption(new Option('--ref <name>', 'of a branch or tag').conflicts(['snapshotId', 'asOf']))
    .addOption(
      new Option('--as-of <time>', 'as they were then: ISO 8601, or milliseconds since the epoch').conflicts(
        'snapshotId',
      ),
    )
    .addOption(new Option('--format <format>', 'of the output (default: table)').choices(formats))
    .option('--memory-limit <size>', 'that the scan may hold, like 96MiB')
    .addHelpText('after', examples)
    .action(
      action<ScanFlags>(async ({ flags, catalog, signal }, name = '') => {
        const table = await catalog.loadTable(name, { signal });
        const scan = table.scan({ ...scanOptions(flags), signal });
        await print(pieces(scan, flags.format ?? (flags.json ? 'ndjson' : 'table')));
      }),
    );
}

function scanOptions(flags: ScanFlags): ScanOptions {
  const { select, limit, snapshotId, ref, asOf, memoryLimit } = flags;
  return {
    ...(select === undefined ? {} : { select: nameList(select) }),
    ...(limit === undefined ? {} : { limit: wholeNumber(limit, '--limit') }),
    ...(snapshotId === undefined ? {} : { snapshotId: wholeBigint(snapshotId, '--snapshot-id') }),
    ...(ref === undefined ? {} : { ref }),
    ...(asOf === undefined ? {} : { asOf: time(asOf) }),
    ...(memoryLimit === undefined ? {} : { memoryLimitBytes: parseSize(memoryLimit, '--memory-limit') }),
  };
}

function time(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isFinite(ms)) return ms;
  const message = `--as-of takes a time like 2026-11-01T00:00:00Z, not '${text}'`;
  throw new IcestreamError('INVALID_ARGUMENT', message, { option: '--as-of' });
}

async function* pieces(scan: TableScan, format: Format): AsyncGenerator<string | Uint8Array, void, undefined> {
  if (format === 'arrow') {
    yield* scan.ipcStream();
    return;
  }
  const names = scan.schema.fields.map(({ name }) => name);
  const table = new RowTable(names);
  if (format === 'csv') yield `${csvLine(names)}\n`;
  for await (const batch of scan) {
    let text = '';
    for (const row of batch.rows()) {
      const cells = (): RowValue[] => names.map((name) => row[name] ?? null);
      if (format === 'ndjson') text += `${jsonLine(names, row)}\n`;
      else text += format === 'csv' ? `${csvLine(cells())}\n` : table.add(cells());
    }
    yield text;
  }
  if (format === 'table') yield table.finish();
}

/** Writes to standard output as fast as it is read; ends when that takes no more, which the program tells of. */
async function print(output: AsyncIterable<string | Uint8Array>): Promise<void> {
  for await (const piece of output) {
    const isOpen = await new Promise<boolean>((resolve) => {
      process.stdout.write(piece, (error) => resolve(error === null || error === undefined));
    });
    if (!isOpen) return;
  }
}
