/** Parquet by ranges, row group by row group. */
import type { Batch, RangeReader } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { type MemoryLease, readerShareBytes } from '../util/memory-budget.ts';
import { handOver, makeOpenSource } from './batch-flow.ts';
import { projected, refuseBadNames, refuseOtherTypes, refuseUnknownTypes } from './column-types.ts';
import { DAMAGED, inFile, readerTooSmall, unreadable } from './errors-in-file.ts';
import type { FileContext } from './file-context.ts';
import { DEFAULT_BATCH_ROWS } from './options.ts';
import type { OpenSource, OpenSourceOptions } from './source.ts';

const MiB = 1024 * 1024;
/** A row group is set aside memory for by its compressed bytes: pages that expand more are rare, and small then. */
const EXPANSION = 16;

/** Opens the footer; `release` gives back what holds the bytes. */
export async function openParquet(
  file: RangeReader,
  context: FileContext,
  release: () => void = () => {},
): Promise<OpenSource> {
  const { name, options, open, given } = context;
  const { signal } = open;
  try {
    const reader = await open.engine.openParquet(counted(file, name, open), signal === undefined ? {} : { signal });
    try {
      refuseBadNames(reader.schema, name);
      refuseUnknownTypes(given, reader.schema, name, open);
      await refuseOtherTypes(given, reader.schema, name, open);
      const schema = projected(reader.schema, options.columns, name, open);
      const limit = readerShareBytes(open.lease.limitBytes);
      async function* batches(): AsyncGenerator<Batch, void, undefined> {
        try {
          const read = reader.batches({
            batchRows: options.batchRows ?? DEFAULT_BATCH_ROWS,
            memoryLimitBytes: limit,
            ...(options.columns === undefined ? {} : { columns: schema.fields.map((f) => [f.name]) }),
            ...(signal === undefined ? {} : { signal }),
          });
          for await (const batch of read) yield* handOver([batch]);
        } catch (error) {
          signal?.throwIfAborted();
          throw named(error, name, open.lease);
        }
      }
      const close = () => {
        reader.free();
        release();
      };
      const largest = reader.footer.rowGroups.reduce((most, group) => Math.max(most, group.compressedBytes), 0);
      const engineBytes = MiB + EXPANSION * largest;
      const totalRows = reader.footer.numRows;
      const batchRows = options.batchRows ?? DEFAULT_BATCH_ROWS;
      return makeOpenSource({ name, schema, totalRows, engineBytes, batchRows, columnsApart: true, batches, close });
    } catch (error) {
      reader.free();
      throw error;
    }
  } catch (error) {
    release();
    signal?.throwIfAborted();
    throw named(error, name, open.lease);
  }
}

/** A failure of the engine is named too: it may be the file's fault. */
function named(error: unknown, name: string, lease: MemoryLease): unknown {
  if (!(error instanceof IcestreamError)) return error;
  if (error.code === 'MEMORY_LIMIT_TOO_SMALL') return readerTooSmall(error, name, lease);
  if (error.code !== 'ENGINE_FAILED') return inFile(error, name, DAMAGED);
  const { message, place } = error;
  return new IcestreamError('ENGINE_FAILED', `${name}: ${message}`, { ...place, file: name, cause: error });
}

/** Reports bytes read, and says which file a failed read belongs to. */
function counted(file: RangeReader, name: string, open: OpenSourceOptions): RangeReader {
  let total = 0;
  return {
    sizeBytes: file.sizeBytes,
    async read(start, end, signal = open.signal) {
      signal?.throwIfAborted();
      let bytes: Bytes;
      try {
        bytes = await file.read(start, end, signal);
      } catch (error) {
        signal?.throwIfAborted();
        throw unreadable(error, name, total);
      }
      if (bytes.length !== end - start) {
        throw new IcestreamError(
          'SOURCE_UNREADABLE',
          `${name}: ${end - start} bytes at ${start} were asked for and ${bytes.length} came; the file has changed`,
          { file: name },
        );
      }
      total += bytes.length;
      open.onBytesRead?.(bytes.length);
      return bytes;
    },
  };
}
