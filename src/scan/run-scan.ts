/** What a scan does once it is iterated. */
import type { LoadedTable } from '../catalog/catalog.ts';
import type { Batch } from '../engine/engine.ts';
import { zstandardBy } from '../engine/zstandard.ts';
import { NAME_MAPPING_PROPERTY, parseNameMapping } from '../format/name-mapping.ts';
import { ownValue } from '../spec/json-cursor.ts';
import type { Snapshot } from '../spec/snapshot.ts';
import { schemaById } from '../spec/table-parts.ts';
import type { Bytes } from '../util/bytes.ts';
import type { World } from '../util/world.ts';
import { emptyStream, oneStream } from './ipc-stream.ts';
import { type Planning, planFiles, planReadableFiles } from './plan-files.ts';
import { type Projection, projectFieldIds } from './projection.ts';
import { type Reading, readTask } from './read-task.ts';
import { ScanBatch } from './scan-batch.ts';
import { checkReadOptions, DEFAULT_BATCH_SIZE, type ReadOptions, type ScanOptions } from './scan-options.ts';
import { asAborted, requireRunning, ScanSession } from './scan-session.ts';
import type { ScanTask } from './scan-task.ts';

/** A scan whose options were checked. */
export interface Scan {
  readonly table: LoadedTable;
  readonly world: Pick<World, 'now'>;
  readonly options: ScanOptions;
  /** Null: the table has no rows yet. */
  readonly snapshot: Snapshot | null;
  readonly projection: Projection;
}

export function scanBatches(scan: Scan): AsyncGenerator<ScanBatch, void, undefined> {
  const { limit = Number.POSITIVE_INFINITY } = scan.options;
  return inSession(scan.world, scan.options, (session) => batchesOf(scan, session, limit));
}

/** The rows as one Arrow IPC stream, in pieces. */
export function scanStream(scan: Scan): AsyncGenerator<Bytes, void, undefined> {
  return oneStream(scanBatches(scan), async () => {
    using session = await ScanSession.begin(scan.world, scan.options);
    try {
      return emptyStream(session.engine, scan.projection.arrow);
    } catch (error) {
      throw session.orTooSmall(error);
    }
  });
}

export function scanTasks(scan: Scan): AsyncGenerator<ScanTask, void, undefined> {
  return inSession(scan.world, scan.options, (session) => {
    const planning = planningOf(scan, session);
    return planning === null ? nothing() : planFiles(planning);
  });
}

async function* batchesOf(scan: Scan, session: ScanSession, limit: number): AsyncGenerator<ScanBatch, void, undefined> {
  const planning = planningOf(scan, session);
  if (planning === null || limit === 0) return;
  const reading = readingOf(scan.table, session, scan.projection);
  for await (const task of planReadableFiles(planning, limit)) {
    yield* handedOut(session, readTask(reading, task, limit - session.rows));
    session.filesRead += 1;
    if (session.rows >= limit) return;
  }
}

function planningOf({ table, snapshot, projection }: Scan, { engine, lease, signal }: ScanSession): Planning | null {
  if (snapshot === null) return null;
  const { store, metadata } = table;
  return { store, metadata, snapshot, projection, codecs: zstandardBy(engine), lease, signal };
}

/** Reads one task of `planFiles`; called by `Table.readTask`. */
export async function* readTaskBatches(
  table: LoadedTable,
  world: Pick<World, 'now'>,
  task: ScanTask,
  options: ReadOptions,
): AsyncGenerator<ScanBatch, void, undefined> {
  checkReadOptions(options);
  const projection = projectFieldIds(schemaById(table.metadata, task.schemaId), task.fieldIds);
  yield* inSession(world, options, async function* (session) {
    const reading = readingOf(table, session, projection);
    yield* handedOut(session, readTask(reading, task, Number.POSITIVE_INFINITY));
    session.filesRead = 1;
  });
}

/** Runs a scan's generator. What a fired signal makes fail is ABORTED; an engine without memory says which limit does. */
async function* inSession<T>(
  world: Pick<World, 'now'>,
  options: ReadOptions,
  run: (session: ScanSession) => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  try {
    using session = await ScanSession.begin(world, options);
    try {
      for await (const item of run(session)) {
        yield item;
        requireRunning(options.signal);
      }
    } catch (error) {
      throw session.orTooSmall(error);
    }
    session.tick(true);
  } catch (error) {
    throw asAborted(options.signal, error);
  }
}

/** Batches leave the engine as they are handed out; the one in the caller's hands is charged until the next. */
async function* handedOut(
  session: ScanSession,
  batches: AsyncIterable<Batch>,
): AsyncGenerator<ScanBatch, void, undefined> {
  try {
    for await (const batch of batches) {
      const out = copiedOut(batch);
      session.rows += out.numRows;
      session.lease.set('rows', out.ipc.length);
      session.tick();
      yield out;
    }
  } finally {
    session.lease.set('rows', 0);
  }
}

function copiedOut(batch: Batch): ScanBatch {
  try {
    return new ScanBatch(batch.schema, batch.numRows, batch.toIpc());
  } finally {
    batch.free();
  }
}

function readingOf({ store, metadata }: LoadedTable, session: ScanSession, projection: Projection): Reading {
  const mapping = ownValue(metadata.properties, NAME_MAPPING_PROPERTY);
  return {
    store,
    engine: session.engine,
    projection,
    nameMapping: mapping === undefined ? null : parseNameMapping(mapping),
    formatVersion: metadata['format-version'],
    batchSize: session.options.batchSize ?? DEFAULT_BATCH_SIZE,
    lease: session.lease,
    signal: session.signal,
    onBytesRead: (bytes) => {
      session.bytesRead += bytes;
    },
  };
}

async function* nothing(): AsyncGenerator<never, void, undefined> {}
