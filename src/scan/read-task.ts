/** The rows of one task, as batches of the engine. */
import type { Batch, Engine, ParquetReader, RangeReader } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import type { NameMapping } from '../format/name-mapping.ts';
import { DAMAGED, inFile, readerTooSmall } from '../source/errors-in-file.ts';
import type { Store } from '../storage/store.ts';
import { type MemoryLease, readerShareBytes } from '../util/memory-budget.ts';
import { projectFile } from './file-projection.ts';
import type { Projection } from './projection.ts';
import type { ScanTask } from './scan-task.ts';

export interface Reading {
  readonly store: Store;
  readonly engine: Engine;
  readonly projection: Projection;
  readonly nameMapping: NameMapping | null;
  readonly formatVersion: 1 | 2 | 3;
  readonly batchSize: number;
  /**
   * Reading one file may hold a reader's share in the engine. Beside it, the engine holds a batch as it was read, as it
   * is aligned, and as it is copied out.
   */
  readonly lease: MemoryLease;
  readonly signal?: AbortSignal | undefined;
  readonly onBytesRead: (bytes: number) => void;
}

/**
 * Batches of the projection's schema; each belongs to the consumer. Leaving early frees the rest.
 * @param limit Most rows.
 * @throws IcestreamError INVALID_METADATA for a file with another number of rows than its manifest says; NOT_FOUND;
 * SOURCE_CORRUPT; SCHEMA_MISMATCH.
 */
export async function* readTask(
  reading: Reading,
  task: ScanTask,
  limit: number,
): AsyncGenerator<Batch, void, undefined> {
  const { engine, signal } = reading;
  const file = task.filePath;
  try {
    using parquet = await engine.openParquet(rangesOf(reading, task), signal === undefined ? {} : { signal });
    const { numRows } = parquet.footer;
    if (numRows !== task.recordCount) {
      const message = `${file} has ${numRows} rows, and its manifest says ${task.recordCount}: one of them was changed, nothing is read from it`;
      throw new IcestreamError('INVALID_METADATA', message, { file });
    }
    yield* alignedBatches(reading, task, parquet, Math.min(limit, numRows));
  } catch (error) {
    const tooSmall = error instanceof IcestreamError && error.code === 'MEMORY_LIMIT_TOO_SMALL';
    throw tooSmall ? readerTooSmall(error, file, reading.lease) : inFile(error, file, DAMAGED);
  }
}

async function* alignedBatches(
  reading: Reading,
  task: ScanTask,
  parquet: ParquetReader,
  wanted: number,
): AsyncGenerator<Batch, void, undefined> {
  if (wanted === 0) return;
  const { engine, projection, nameMapping, formatVersion, signal } = reading;
  const file = task.filePath;
  const from = projectFile({
    file,
    schema: parquet.schema,
    projection,
    nameMapping,
    partition: task.partition,
    formatVersion,
  });
  using aligner = engine.aligner(from.source, {
    target: projection.arrow,
    matchBy: 'fieldId',
    constants: from.constants,
    file,
  });
  const read = parquet.batches({
    columns: from.columns.map((name) => [name]),
    ...(wanted < parquet.footer.numRows ? { rows: wanted } : {}),
    batchRows: reading.batchSize,
    memoryLimitBytes: readerShareBytes(reading.lease.limitBytes),
    ...(signal === undefined ? {} : { signal }),
  });
  let rows = 0;
  for await (const batch of read) {
    rows += batch.numRows;
    if (rows > wanted) {
      batch.free();
      break;
    }
    yield aligner.align(batch);
  }
  if (rows === wanted) return;
  throw new IcestreamError(
    'ROW_COUNT_MISMATCH',
    `${file}: its footer says that ${wanted} rows are there and ${rows} were decoded; please report this`,
    { file },
  );
}

function rangesOf({ store, onBytesRead }: Reading, { filePath, fileSizeInBytes }: ScanTask): RangeReader {
  return {
    sizeBytes: fileSizeInBytes,
    read: async (start, end, signal) => {
      const bytes = await store.read(filePath, { start, end }, signal === undefined ? {} : { signal });
      onBytesRead(bytes.length);
      return bytes;
    },
  };
}
