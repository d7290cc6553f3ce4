/** A commit to one table or to several: all of it or nothing. */
import type { CommitAnswer, CommitRequest, CommitSendOptions, TableIdentifier } from '../../catalog/catalog.ts';
import { formatIdentifier } from '../../catalog/identifier.ts';
import { notApplied } from '../../catalog/not-applied.ts';
import { prepareCommit, refusedBy } from '../../catalog/prepare-commit.ts';
import { IcestreamError } from '../../errors.ts';
import type { MetadataLogEntry, TableMetadata } from '../../spec/table-metadata.ts';
import type { World } from '../../util/world.ts';
import type { ChangeAnswer, PointerSwap } from './change.ts';
import type { MetadataFiles } from './metadata-files.ts';
import { callObject, type ObjectAddress } from './object-calls.ts';
import { checkFolder, checkNames, namesOf } from './places.ts';
import { refusalError } from './refusal-error.ts';
import type { LookAnswer } from './rpc.ts';

export interface CommitPlace {
  readonly object: ObjectAddress;
  readonly files: MetadataFiles;
  readonly warehouse: string;
  readonly world: World;
}

export interface CommittedTable {
  readonly location: string;
  readonly metadata: TableMetadata;
}

export interface TablesAnswer {
  /** Without tables. */
  readonly answer: CommitAnswer;
  /** As they were committed, in the order of the requests; empty when that is not known. */
  readonly tables: readonly CommittedTable[];
}

/** A table's next metadata, before it is written. */
interface Prepared {
  readonly identifier: TableIdentifier;
  readonly from: string | null;
  readonly metadata: TableMetadata;
  /** Null: nothing changes, so nothing is written. */
  readonly removed: readonly MetadataLogEntry[] | null;
}

/** Their metadata is in memory at once. */
const MAX_TABLES = 100;

/**
 * Looks where the tables are, checks and applies, writes all metadata files, then moves all pointers in one
 * transaction of the database. The key names the change there: when it was made before, it is not made again.
 */
export async function commitTables(
  place: CommitPlace,
  requests: readonly CommitRequest[],
  { idempotencyKey, signal }: CommitSendOptions,
): Promise<TablesAnswer> {
  signal?.throwIfAborted();
  const written: string[] = [];
  let swaps: PointerSwap[];
  let prepared: Prepared[];
  try {
    checkRequests(requests);
    const call = { tables: requests.map(({ identifier }) => identifier), changeId: idempotencyKey };
    const seen = await callObject(place.object, (object) => object.look(call), signal);
    if (seen.change !== null) return madeBefore(seen.change);
    prepared = await prepareAll(place, requests, seen, signal);
    if (prepared.every(({ removed }) => removed === null)) {
      return committed(prepared.map(({ from, metadata }) => ({ location: from ?? '', metadata })));
    }
    swaps = await writeAll(place.files, prepared, written, signal);
    signal?.throwIfAborted();
  } catch (cause) {
    await place.files.remove(written);
    signal?.throwIfAborted();
    return { answer: cause instanceof NotCommitted ? cause.answer : notApplied(cause), tables: [] };
  }
  let answer: ChangeAnswer;
  try {
    answer = await callObject(place.object, (object) => object.change({ kind: 'swap', swaps }, idempotencyKey));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { answer: { kind: 'unknown', message, cause }, tables: [] };
  }
  if (answer.kind === 'refused' || answer.to !== written[0]) {
    // These files are in no table, and never will be: the answer to this key is final.
    await place.files.remove(written);
    return madeBefore(answer);
  }
  await Promise.all(prepared.map(({ metadata, removed }) => place.files.removeOld(metadata, removed ?? [])));
  return committed(swaps.map(({ to }, i) => ({ location: to, metadata: (prepared[i] as Prepared).metadata })));
}

/** Ends a commit before anything is written. */
class NotCommitted extends Error {
  readonly answer: CommitAnswer;

  constructor(answer: CommitAnswer) {
    super(answer.kind);
    this.answer = answer;
  }
}

function checkRequests(requests: readonly CommitRequest[]): void {
  const names = requests.map(({ identifier }) => formatIdentifier(identifier));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new IcestreamError(
      'INVALID_ARGUMENT',
      `the table ${twice} stands twice in one transaction: join its commits`,
    );
  }
  if (requests.length > MAX_TABLES) {
    throw new IcestreamError('INVALID_ARGUMENT', `a transaction takes at most ${MAX_TABLES} tables`);
  }
}

async function prepareAll(
  place: CommitPlace,
  requests: readonly CommitRequest[],
  { tables }: LookAnswer,
  signal: AbortSignal | undefined,
): Promise<Prepared[]> {
  const prepared: Prepared[] = [];
  for (const [i, request] of requests.entries()) {
    const { identifier } = request;
    const { hasNamespace = false, metadataLocation: from = null } = tables[i] ?? {};
    if (!hasNamespace) throw refusalError({ kind: 'refused', why: 'no-namespace', subject: identifier.namespace });
    if (from === null) checkNames(namesOf(identifier));
    const base = from === null ? null : { location: from, metadata: await readCurrent(place.files, from, signal) };
    const options = { nowMs: place.world.now(), shown: formatIdentifier(identifier) };
    const next = prepareCommit(base, request, options);
    if (next.kind === 'answer') throw new NotCommitted(next.answer);
    const { metadata } = next;
    const removed = next.kind === 'write' ? next.removed : null;
    if (removed !== null && metadata.location !== base?.metadata.location) {
      checkFolder(place.warehouse, metadata.location);
    }
    prepared.push({ identifier, from, metadata, removed });
  }
  return prepared;
}

async function readCurrent(files: MetadataFiles, location: string, signal: AbortSignal | undefined) {
  try {
    return await files.read(location, signal);
  } catch (cause) {
    if (!(cause instanceof IcestreamError) || cause.code !== 'NOT_FOUND') throw cause;
    // Another commit removed it, or somebody by hand: loading the table tells which.
    throw new NotCommitted({ kind: 'conflict', message: `the metadata file ${location} is not there any more` });
  }
}

/** @param written What was, or may have been, also when another fails. */
async function writeAll(
  files: MetadataFiles,
  prepared: readonly Prepared[],
  written: string[],
  signal: AbortSignal | undefined,
): Promise<PointerSwap[]> {
  const swaps: PointerSwap[] = [];
  for (const { identifier, from, metadata, removed } of prepared) {
    const folder = metadata.location;
    let to = from ?? '';
    if (removed !== null) {
      to = files.newLocation(metadata, from);
      written.push(to);
      await files.write(to, metadata, signal);
    }
    swaps.push({ identifier, from, to, folder });
  }
  return swaps;
}

/** What an answer means that is not about the files that were written now. */
function madeBefore(answer: ChangeAnswer): TablesAnswer {
  if (answer.kind === 'done') return committed([]);
  const error = refusalError(answer);
  if (error.code === 'ALREADY_EXISTS') return { answer: { kind: 'conflict', message: error.message }, tables: [] };
  return { answer: refusedBy(error), tables: [] };
}

function committed(tables: readonly CommittedTable[]): TablesAnswer {
  return { answer: { kind: 'committed', table: null }, tables };
}
