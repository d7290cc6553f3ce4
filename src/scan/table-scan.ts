/** A scan of one snapshot: planned and read as it is iterated. */
import type { LoadedTable } from '../catalog/catalog.ts';
import { formatIdentifier } from '../catalog/identifier.ts';
import type { Schema } from '../spec/schema.ts';
import type { Snapshot } from '../spec/snapshot.ts';
import type { Bytes } from '../util/bytes.ts';
import type { World } from '../util/world.ts';
import type { Row } from './ipc-rows.ts';
import { projectColumns } from './projection.ts';
import type { Scan } from './run-scan.ts';
import type { ScanBatch } from './scan-batch.ts';
import { checkScanOptions, type ScanOptions } from './scan-options.ts';
import type { ScanTask } from './scan-task.ts';
import { chooseSnapshot } from './snapshot-choice.ts';

/** Iterate it for batches; each iteration plans and reads anew. Leaving the loop ends the requests. */
export class TableScan implements AsyncIterable<ScanBatch> {
  readonly #scan: Scan;

  /** Called by `Table.scan`. */
  constructor(table: LoadedTable, world: Pick<World, 'now'>, options: ScanOptions) {
    checkScanOptions(options);
    const { snapshot, schema } = chooseSnapshot(table.metadata, options, formatIdentifier(table.identifier));
    this.#scan = { table, world, options, snapshot, projection: projectColumns(schema, options.select) };
  }

  /** Null: the table has no rows yet. */
  get snapshot(): Snapshot | null {
    return this.#scan.snapshot;
  }

  /** The columns that the scan gives. */
  get schema(): Schema {
    return this.#scan.projection.schema;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ScanBatch, void, undefined> {
    const { scanBatches } = await import('./reading.ts');
    yield* scanBatches(this.#scan);
  }

  /** The rows as objects; see `ScanBatch.rows` for what the values are. */
  async *rows(): AsyncGenerator<Row, void, undefined> {
    for await (const batch of this) yield* batch.rows();
  }

  /** The rows as one Arrow IPC stream, in pieces: for a file, a pipe, or the body of a response. */
  async *ipcStream(): AsyncGenerator<Bytes, void, undefined> {
    const { scanStream } = await import('./reading.ts');
    yield* scanStream(this.#scan);
  }

  /**
   * The files to read, as plain JSON that `Table.readTask` takes, here or on another machine. `limit` has no effect.
   * @throws IcestreamError UNSUPPORTED when it comes to a file that cannot be read.
   */
  async *planFiles(): AsyncGenerator<ScanTask, void, undefined> {
    const { scanTasks } = await import('./reading.ts');
    yield* scanTasks(this.#scan);
  }
}
