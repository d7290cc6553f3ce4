/** Flags of commands that commit, and the end of a write for people. */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { IcestreamError } from '../errors.ts';
import type { RejectedRow } from '../source/rejects.ts';
import type { NewTableRequest } from '../write/create-append.ts';
import type { DistributionMode, WriteResult } from '../write/write-options.ts';
import { splitProperty } from './configuration.ts';
import { bytes, counted, toJsonLine } from './output.ts';
import { parseSchemaText } from './schema-text.ts';
import type { SourceFlags } from './source-flags.ts';

export interface WriteFlags {
  readonly commitId?: string;
  readonly writer?: string;
  readonly sequence?: string;
  readonly memoryLimit?: string;
  readonly threads?: string;
  readonly distributionMode?: DistributionMode;
  readonly spillDir?: string;
  readonly schemaEvolution?: 'none' | 'add-columns';
  readonly encoding?: 'default' | 'compact';
  readonly branch?: string;
  readonly wapId?: string;
  readonly rejects?: string;
  readonly snapshotProperty?: readonly string[];
}

export function withWriteFlags(command: Command): Command {
  return command
    .option('--commit-id <uuid>', 'UUIDv7; a second run with the same id returns the first result (exactly once)')
    .option('--writer <id>', 'with --sequence: exactly once by number; loads not above what the table has are skipped')
    .option('--sequence <n>', "the number of this load among the writer's")
    .option('--branch <name>', 'commit to this branch (default: main)')
    .option('--wap-id <id>', 'only stage the snapshot, to be audited and published (table property write.wap.enabled)')
    .option('--snapshot-property <name=value...>', 'added to the snapshot summary');
}

export function withRowFlags(command: Command): Command {
  return withWriteFlags(command)
    .option('--memory-limit <size>', 'memory that the write may hold, like 96MiB')
    .option('--threads <n>', 'worker threads that encode and share the memory limit (default: 1, the main thread)')
    .addOption(
      new Option(
        '--distribution-mode <how>',
        'rows of a partitioned table: hash (or range) writes one file a partition, by way of temporary files where ' +
          'memory is short (default: table property write.distribution-mode, else none)',
      ).choices(['none', 'hash', 'range']),
    )
    .option('--spill-dir <path>', 'local folder for those temporary files (default: beside the data files)')
    .addOption(new Option('--schema-evolution <how>', 'columns that the table lacks').choices(['none', 'add-columns']))
    .addOption(
      new Option('--encoding <name>', 'compact: smaller, not for every reader').choices(['default', 'compact']),
    )
    .option('--rejects <file>', 'with --on-bad-row reject: write the rows left out there, as JSON lines');
}

export interface TableFlags {
  readonly partition?: readonly string[];
  readonly tableProperty?: readonly string[];
  readonly formatVersion?: '2' | '3';
  readonly location?: string;
  readonly schema?: string;
}

export function withTableFlags(command: Command): Command {
  return command
    .option('--schema <columns>', "columns of the new table, like 'id long not null, name string'")
    .option('--partition <transform...>', "partitioning of the new table: 'month(date)' 'bucket(16, id)' name")
    .option('--table-property <name=value...>', 'properties of the new table')
    .addOption(new Option('--format-version <n>', 'of the new table (default: 2)').choices(['2', '3']))
    .option('--location <uri>', 'of the new table (default: where the catalog puts it)');
}

/** @throws IcestreamError INVALID_ARGUMENT for flags of a new table where none is to be made: they would do nothing. */
export function refuseTableFlags({ schema, partition, tableProperty, formatVersion, location }: TableFlags): void {
  const given = {
    '--schema': schema,
    '--partition': partition,
    '--table-property': tableProperty,
    '--format-version': formatVersion,
    '--location': location,
  };
  refuseAnyOf(given, 'is for a new table: give --create too');
}

/** @throws IcestreamError INVALID_ARGUMENT for flags of rows that are left out where none is to be. */
export function refuseRejectFlags({ rejects, maxBadRows }: WriteFlags & SourceFlags): void {
  refuseAnyOf({ '--rejects': rejects, '--max-bad-rows': maxBadRows }, 'needs --on-bad-row reject: give that too');
}

function refuseAnyOf(flags: Readonly<Record<string, unknown>>, why: string): void {
  const option = Object.entries(flags).find(([, value]) => value !== undefined)?.[0];
  if (option === undefined) return;
  throw new IcestreamError('INVALID_ARGUMENT', `${option} ${why}, or leave it out`, { option });
}

export function newTable(flags: TableFlags): NewTableRequest {
  const properties = Object.fromEntries((flags.tableProperty ?? []).map(splitProperty));
  if (flags.formatVersion !== undefined) properties['format-version'] = flags.formatVersion;
  return {
    properties,
    createNamespace: true,
    ...(flags.schema === undefined ? {} : { schema: parseSchemaText(flags.schema) }),
    ...(flags.partition === undefined ? {} : { partitionSpec: flags.partition }),
    ...(flags.location === undefined ? {} : { location: flags.location }),
  };
}

/** Rows that were left out, to a file: created with the first of them. */
export class RejectFile {
  readonly #path: string | undefined;
  #file: number | undefined;

  constructor(path: string | undefined) {
    this.#path = path;
  }

  /** In order and at once: what cannot be written stops the load before anything is committed. */
  readonly write = (rejects: readonly RejectedRow[]): void => {
    if (this.#path === undefined) return;
    try {
      this.#file ??= openSync(this.#path, 'w');
      writeFileSync(this.#file, rejects.map((reject) => `${toJsonLine({ type: 'reject', ...reject })}\n`).join(''));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new IcestreamError('INVALID_ARGUMENT', `--rejects: ${this.#path} cannot be written: ${reason}`, {
        option: '--rejects',
        file: this.#path,
        cause: error,
      });
    }
  };

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

export function describeWrite(table: string, result: WriteResult): string {
  if (result.alreadyCommitted && result.writerSequence !== null) {
    return `${table}: the writer's load was made before (the table has ${result.writerSequence}); nothing was written`;
  }
  if (result.alreadyCommitted) return `${table}: commit ${result.commitId} was made before; nothing was written`;
  if (result.snapshotId === null) return `${table}: the source has no rows; nothing was committed`;
  const seconds = (result.elapsedMs / 1000).toFixed(1);
  const lines = [
    `${table}: ${counted(result.rows, 'row')} in ${counted(result.files, 'file')}, ${bytes(result.bytes)}, ${seconds} s`,
    `snapshot ${result.snapshotId}, commit id ${result.commitId}`,
  ];
  if (result.rejectedRows > 0) lines.push(`${counted(result.rejectedRows, 'row')} left out`);
  if (result.retries > 0) lines.push(`committed after ${result.retries} conflict${result.retries === 1 ? '' : 's'}`);
  if (result.leftBehind.length > 0) lines.push('left behind:', ...result.leftBehind.map((file) => `  ${file}`));
  return lines.join('\n');
}
