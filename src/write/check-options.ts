/** Names of the options of writes, and what to do with one that belongs elsewhere. */
import { isSourceOption } from '../source/from-any-options.ts';
import {
  type OptionNames,
  requireBooleans,
  requireKnownOptions,
  requireOneOf,
  requireTexts,
} from '../util/known-options.ts';
import type { AddFilesOptions } from './add-files/add-files.ts';
import type { NewTableRequest } from './create-append.ts';
import { requireSpillPlace, type SpillPlace, type WriteOptions } from './write-options.ts';

const ADD_FILES: OptionNames<AddFilesOptions> = {
  onProgress: true,
  signal: true,
  memoryLimitBytes: true,
  budget: true,
  branch: true,
  wapId: true,
  commitId: true,
  writer: true,
  snapshotProperties: true,
  engine: true,
};

const WRITE: OptionNames<WriteOptions> = {
  ...ADD_FILES,
  threads: true,
  distributionMode: true,
  spill: true,
  schemaEvolution: true,
  encoding: true,
  onReject: true,
  encoder: true,
};

const EMPTY_TABLE: OptionNames<Omit<NewTableRequest, 'schema'>> = {
  partitionSpec: true,
  sortOrder: true,
  location: true,
  properties: true,
  createNamespace: true,
};

const NEW_TABLE: OptionNames<NewTableRequest> = { schema: true, ...EMPTY_TABLE };

const SPILL_PLACE: OptionNames<SpillPlace> = { store: true, location: true };

/** Enough for the offsets of thousands of a queue's partitions. */
const MOST_PROPERTY_CHARACTERS = 65_536;

/** @throws TypeError for an option that `append` does not have, or that cannot be. */
export function checkAppend(options: WriteOptions): void {
  requireKnownOptions('append', options, WRITE, ofSource);
  checkWriteValues(options);
}

/** @throws TypeError for an option that `addFiles` does not have, or that cannot be. */
export function checkAddFiles(options: AddFilesOptions): void {
  requireKnownOptions('addFiles', options, ADD_FILES);
  checkSnapshotProperties(options.snapshotProperties);
}

/** @throws TypeError for an option that `createAndAppend` does not have, or not there, or that cannot be. */
export function checkCreateAndAppend(request: NewTableRequest, options: WriteOptions): void {
  requireKnownOptions('the table to be created', request, NEW_TABLE, (name) =>
    Object.hasOwn(WRITE, name) ? 'it is one of the write, given after those of the table' : ofSource(name),
  );
  requireKnownOptions('createAndAppend', options, WRITE, (name) =>
    Object.hasOwn(NEW_TABLE, name)
      ? 'it is one of the table to be created, given before those of the write'
      : ofSource(name),
  );
  checkNewTable(request);
  checkWriteValues(options);
}

/** @throws TypeError for an option that `createTable` does not have, or that cannot be. */
export function checkCreateTable(request: Omit<NewTableRequest, 'schema'>): void {
  requireKnownOptions('createTable', request, EMPTY_TABLE);
  checkNewTable(request);
}

/**
 * What can be told before a table is known; names of options are not looked at.
 * @throws TypeError naming the option at fault.
 */
export function checkWriteValues(
  options: Pick<WriteOptions, 'encoding' | 'schemaEvolution' | 'distributionMode' | 'spill' | 'snapshotProperties'>,
  taker = 'the write',
): void {
  const { encoding, schemaEvolution, distributionMode, spill, snapshotProperties } = options;
  requireOneOf('encoding', encoding, ['default', 'compact']);
  requireOneOf('schemaEvolution', schemaEvolution, ['none', 'addColumns']);
  requireOneOf('distributionMode', distributionMode, ['none', 'hash', 'range']);
  checkSnapshotProperties(snapshotProperties);
  if (spill !== undefined) checkPlace('spill', spill, taker);
}

/**
 * @param taker What takes the option, for the message.
 * @throws TypeError for what is no folder of a store.
 */
export function checkPlace(option: string, place: SpillPlace, taker: string): void {
  requireKnownOptions(`option ${option} of ${taker}`, place, SPILL_PLACE);
  requireSpillPlace(place, option);
}

function checkNewTable({ createNamespace }: NewTableRequest): void {
  requireBooleans({ createNamespace });
}

/** @throws TypeError for what no snapshot can carry. */
export function checkSnapshotProperties(properties: WriteOptions['snapshotProperties']): void {
  requireTexts('snapshotProperties', properties);
  const characters = Object.entries(properties ?? {})
    .flat()
    .join('').length;
  if (characters <= MOST_PROPERTY_CHARACTERS) return;
  throw new TypeError(
    `snapshotProperties must have at most ${MOST_PROPERTY_CHARACTERS} characters, names and values together, not ` +
      `${characters}: the table keeps them with each snapshot`,
  );
}

function ofSource(name: string): string | undefined {
  return isSourceOption(name) ? `it is one of the source: append(fromAny(source, { ${name}: … }))` : undefined;
}
