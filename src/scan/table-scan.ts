/** A scan of one snapshot: planned and read as it is iterated. */
import type { LoadedTable } from '../catalog/catalog.ts';
import { formatIdentifier } from '../catalog/identifier.ts';
import type { Batch } from '../engine/engine.ts';
import { zstandardBy } from '../engine/zstandard.ts';
import { NAME_MAPPING_PROPERTY, parseNameMapping } from '../format/name-mapping.ts';
import { ownValue } from '../spec/json-cursor.ts';
import type { Schema } from '../spec/schema.ts';
import type { Snapshot } from '../spec/snapshot.ts';
import { schemaById } from '../spec/table-parts.ts';
import type { Bytes } from '../util/bytes.ts';
import type { World } from '../util/world.ts';
import type { Row } from './ipc-rows.ts';
import { emptyStream, oneStream } from './ipc-stream.ts';
import { type Planning, planFiles, planReadableFiles } from './plan-files.ts';
import { type Projection, projectColumns, projectFieldIds } from './projection.ts';
import { type Reading, readTask } from './read-task.ts';
import { ScanBatch } from './scan-batch.ts';
import {
  checkReadOptions,
  checkScanOptions,
  DEFAULT_BATCH_SIZE,
  type ReadOptions,
  type ScanOptions,
} from './scan-options.ts';
import { asAborted, requireRunning, ScanSession } from './scan-session.ts';
import type { ScanTask } from './scan-task.ts';
import { chooseSnapshot } from './snapshot-choice.ts';

/** Iterate it for batches; each iteration plans and reads anew. Leaving the loop ends the requests. */
export class TableScan implements AsyncIterable<ScanBatch> {
  /** Null: the table has no rows yet. */
  readonly snapshot: Snapshot | null;
  readonly #table: LoadedTable;
  readonly #world: Pick<World, 'now'>;
  readonly #options: ScanOptions;
  readonly #projection: Projection;

  /** Called by `Table.scan`. */
  constructor(table: LoadedTable, world: Pick<World, 'now'>, options: ScanOptions) {
    checkScanOptions(options);
    const { snapshot, schema } = chooseSnapshot(table.metadata, options, formatIdentifier(table.identifier));
    this.snapshot = snapshot;
    this.#table = table;
    this.#world = world;
    this.#options = options;
    this.#projection = projectColumns(schema, options.select);
  }

  /** The columns that the scan gives. */
  get schema(): Schema {
    return this.#projection.schema;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ScanBatch, void, undefined> {
    const { limit = Number.POSITIVE_INFINITY } = this.#options;
    yield* inSession(this.#world, this.#options, (session) => this.#batches(session, limit));
  }

  /** The rows as objects; see `ScanBatch.rows` for what the values are. */
  async *rows(): AsyncGenerator<Row, void, undefined> {
    for await (const batch of this) yield* batch.rows();
  }

  /** The rows as one Arrow IPC stream, in pieces: for a file, a pipe, or the body of a response. */
  async *ipcStream(): AsyncGenerator<Bytes, void, undefined> {
    yield* oneStream(this, async () => {
      using session = await ScanSession.begin(this.#world, this.#options);
      return emptyStream(session.engine, this.#projection.arrow);
    });
  }

  /**
   * The files to read, as plain JSON that `Table.readTask` takes, here or on another machine. `limit` has no effect.
   * @throws IcestreamError UNSUPPORTED when it comes to a file that cannot be read.
   */
  async *planFiles(): AsyncGenerator<ScanTask, void, undefined> {
    yield* inSession(this.#world, this.#options, (session) => {
      const planning = this.#planning(session);
      return planning === null ? nothing() : planFiles(planning);
    });
  }

  async *#batches(session: ScanSession, limit: number): AsyncGenerator<ScanBatch, void, undefined> {
    const planning = this.#planning(session);
    if (planning === null || limit === 0) return;
    const reading = readingOf(this.#table, session, this.#projection);
    for await (const task of planReadableFiles(planning, limit)) {
      yield* handedOut(session, readTask(reading, task, limit - session.rows));
      session.filesRead += 1;
      if (session.rows >= limit) return;
    }
  }

  #planning({ engine, lease, signal }: ScanSession): Planning | null {
    const { snapshot } = this;
    if (snapshot === null) return null;
    const { store, metadata } = this.#table;
    return { store, metadata, snapshot, projection: this.#projection, codecs: zstandardBy(engine), lease, signal };
  }
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

/** Runs a scan's generator; what a fired signal makes fail is ABORTED. */
async function* inSession<T>(
  world: Pick<World, 'now'>,
  options: ReadOptions,
  run: (session: ScanSession) => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  try {
    using session = await ScanSession.begin(world, options);
    for await (const item of run(session)) {
      yield item;
      requireRunning(options.signal);
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
    fileMemoryBytes: session.fileMemoryBytes,
    signal: session.signal,
    onBytesRead: (bytes) => {
      session.bytesRead += bytes;
    },
  };
}

async function* nothing(): AsyncGenerator<never, void, undefined> {}
