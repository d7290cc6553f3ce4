/** Registering Parquet files that exist: nothing is copied, their footers say what the table needs to know. */
import type { LoadedTable } from '../../catalog/catalog.ts';
import { IcestreamError } from '../../errors.ts';
import { NAME_MAPPING_PROPERTY } from '../../format/name-mapping.ts';
import type { SingleValue } from '../../spec/types.ts';
import { Semaphore } from '../../util/semaphore.ts';
import { uuidV4 } from '../../util/uuid.ts';
import { inSession } from '../append.ts';
import { checkAddFiles } from '../check-options.ts';
import { addedFiles } from '../commit/added-files.ts';
import { requireSamePayload } from '../commit/commit-lookup.ts';
import { earlierFacts, openForWrite } from '../commit/earlier-load.ts';
import { digestOfFiles } from '../commit/payload-digest.ts';
import { commitSnapshot } from '../commit/snapshot-commit.ts';
import { endWithoutRows } from '../no-rows.ts';
import { StagedFiles, withLeftBehind } from '../staged-files.ts';
import type { WriteOptions } from '../write-options.ts';
import type { WriteSession } from '../write-session.ts';
import type { WriteEnd, WriteTarget } from '../write-target.ts';
import { type FileReading, fileReading, readFileFacts, type SizedFile } from './added-file.ts';

/** One file to register. */
export interface FileToAdd {
  readonly location: string;
  /**
   * Its partition, by partition field name: a value, or text in the spec's spelling (`2026-11` of a month). Default:
   * from `name=value` folders of the location, else from the bounds in its footer.
   */
  readonly partition?: Readonly<Record<string, SingleValue | null>>;
}

export interface AddFilesOptions
  extends Pick<
    WriteOptions,
    | 'onProgress'
    | 'signal'
    | 'memoryLimitBytes'
    | 'budget'
    | 'branch'
    | 'wapId'
    | 'commitId'
    | 'writer'
    | 'snapshotProperties'
    | 'engine'
  > {}

/** Footers read at once. */
const READ_CONCURRENCY = 4;
/** Files whose records are in memory at once. */
const READ_AHEAD = 64;

/**
 * Adds the files in one snapshot. Columns are found by field id, or by name where files carry no ids (then the table
 * gets `schema.name-mapping.default` in the same commit). The files are never deleted, whatever happens.
 * @throws IcestreamError: SCHEMA_MISMATCH naming file and columns; INVALID_ARGUMENT for a file that is in the table
 * already or twice in the list, or whose partition cannot be told; NOT_FOUND; SOURCE_CORRUPT; COMMIT_*.
 */
export async function addFiles(
  target: WriteTarget,
  files: readonly (string | FileToAdd)[],
  options: AddFilesOptions = {},
): Promise<WriteEnd> {
  checkAddFiles(options);
  return inSession(target.world, options, null, async (session) => {
    const wanted = files.map((file) => (typeof file === 'string' ? { location: file } : file));
    refuseRepeats(wanted);
    const { table, earlier } = await openForWrite(session, target.catalog, target.table);
    if (earlier?.by === 'writer') return { result: session.result(earlierFacts(earlier)), table };
    session.meter.tick('open');
    const reading = fileReading(session, table);
    const sized = await readAll(wanted, async (file) => ({ ...file, sizeBytes: await reading.size(file.location) }));
    const payload = await digestOfFiles(sized);
    if (earlier !== null) {
      requireSamePayload(earlier.snapshot, session.commitId, payload);
      return { result: session.result(earlierFacts(earlier)), table };
    }
    if (wanted.length === 0) return endWithoutRows(session, target.catalog, table);
    session.meter.tick('write');
    return register(session, target, table, reading, sized, payload);
  });
}

async function register(
  session: WriteSession,
  { catalog }: WriteTarget,
  table: LoadedTable,
  reading: FileReading,
  files: readonly SizedFile[],
  payload: string,
): Promise<WriteEnd> {
  // Only manifests and lists are staged: the data files are not ours to remove.
  const staged = new StagedFiles(table.store);
  const added = addedFiles(session, table, staged, uuidV4(session.world));
  try {
    for (let i = 0; i < files.length; i += READ_AHEAD) {
      const some = files.slice(i, i + READ_AHEAD);
      for (const file of await readAll(some, (one) => readFileFacts(reading, one))) await added.add(file);
    }
    const mapping = reading.mappingToSet();
    const committed = await commitSnapshot({
      session,
      catalog,
      table,
      create: false,
      updates: mapping === null ? [] : [{ action: 'set-properties', updates: { [NAME_MAPPING_PROPERTY]: mapping } }],
      staged,
      added,
      payload,
      refuseLive: new Set(files.map((file) => file.location)),
    });
    const { earlier } = committed;
    const facts =
      earlier === null
        ? {
            snapshotId: committed.snapshotId,
            alreadyCommitted: false,
            rows: added.rows,
            files: added.count,
            bytes: added.bytes,
            retries: committed.retries,
          }
        : { ...earlierFacts(earlier), retries: committed.retries };
    return { result: session.result(facts), table: committed.table };
  } catch (error) {
    if (error instanceof IcestreamError && error.code === 'COMMIT_STATE_UNKNOWN') throw error;
    throw withLeftBehind(error, await staged.remove());
  }
}

function refuseRepeats(files: readonly FileToAdd[]): void {
  const seen = new Set<string>();
  for (const { location } of files) {
    if (seen.has(location)) {
      throw new IcestreamError('INVALID_ARGUMENT', `${location} is twice in the list of files to add`, {
        file: location,
      });
    }
    seen.add(location);
  }
}

/** Runs `read` over all items, a few at once, results in order; throws the first failure once all have ended. */
async function readAll<T, R>(items: readonly T[], read: (item: T) => Promise<R>): Promise<R[]> {
  const slots = new Semaphore(READ_CONCURRENCY);
  const results: R[] = [];
  let failure: { readonly error: unknown } | null = null;
  await Promise.all(
    items.map(async (item, index) => {
      const release = await slots.acquire();
      try {
        if (failure === null) results[index] = await read(item);
      } catch (error) {
        failure ??= { error };
      } finally {
        release();
      }
    }),
  );
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
  return results;
}
