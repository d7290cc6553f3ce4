/** Names of the options of writes, and what to do with one that belongs elsewhere. */
import { isSourceOption } from '../source/from-any-options.ts';
import { type OptionNames, requireKnownOptions, requireOneOf, requireTexts } from '../util/known-options.ts';
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

/** @throws TypeError for an option that `append` does not have, or that cannot be. */
export function checkAppend(options: WriteOptions): void {
  requireKnownOptions('append', options, WRITE, ofSource);
  checkWriteValues(options);
}

/** @throws TypeError for an option that `addFiles` does not have, or that cannot be. */
export function checkAddFiles(options: AddFilesOptions): void {
  requireKnownOptions('addFiles', options, ADD_FILES);
  requireTexts('snapshotProperties', options.snapshotProperties);
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
  checkWriteValues(options);
}

/** @throws TypeError for an option that `createTable` does not have. */
export function checkCreateTable(request: Omit<NewTableRequest, 'schema'>): void {
  requireKnownOptions('createTable', request, EMPTY_TABLE);
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
  requireTexts('snapshotProperties', snapshotProperties);
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

function ofSource(name: string): string | undefined {
  return isSourceOption(name) ? `it is one of the source: append(fromAny(source, { ${name}: … }))` : undefined;
}
