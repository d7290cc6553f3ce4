/** Reads a source to its end into data files: aligned to the table's schema, routed, encoded, uploaded, counted. */
import type { ArrowSchema } from '../../engine/arrow-schema.ts';
import type { AlignConstant, Batch, Engine } from '../../engine/engine.ts';
import type { EngineCharge } from '../../engine/engine-charge.ts';
import { IcestreamError } from '../../errors.ts';
import { leastRowBytes } from '../../format/row-estimate.ts';
import { alignBatch } from '../../source/align-batch.ts';
import { rowsShareValues } from '../../source/align-in-parts.ts';
import type { OpenSource } from '../../source/source.ts';
import type { MemoryLease } from '../../util/memory-budget.ts';
import { aborted } from '../commit/commit-loop.ts';
import type { MemoryPlan } from '../memory-plan.ts';
import { orTooSmall } from '../too-small.ts';
import type { ProgressMeter } from '../write-progress.ts';
import { inParts } from './batch-parts.ts';
import type { RowWriter } from './row-writer.ts';

export interface LoadRowsOptions {
  readonly engine: Engine;
  readonly engineCharge: EngineCharge;
  readonly plan: MemoryPlan;
  /** What takes the rows; `onState` is to be called when what it holds has changed. */
  readonly openWriter: (onState: () => void) => RowWriter;
  readonly source: OpenSource;
  /** The table's schema as the encoder wants it. */
  readonly target: ArrowSchema;
  /** The table's defaults, for columns that the source lacks. */
  readonly constants: readonly AlignConstant[];
  readonly lease: MemoryLease;
  /** `memoryLimitBytes` of the write, for messages. */
  readonly limitBytes: number;
  readonly meter: ProgressMeter;
  readonly signal?: AbortSignal;
}

/**
 * Returns the rows written; every file was handed to the writer's `onFile`. When it throws, open uploads were aborted;
 * finished files are the caller's to remove. What could not be removed is added to `leftBehind`.
 * @throws IcestreamError of the source, the store and the engine; MEMORY_LIMIT_TOO_SMALL with a limit that does, where
 * the engine was out of memory; INVALID_VALUE with the row of the source;
 * ROW_COUNT_MISMATCH when not every row read was written.
 */
export async function loadRows(options: LoadRowsOptions, leftBehind: string[]): Promise<number> {
  const { engineCharge, lease, meter } = options;
  const writer = options.openWriter(() => {
    sample();
    meter.tick();
  });
  const sample = () => {
    lease.set('rows', writer.bufferedRowBytes);
    lease.set('runs', writer.runBytes);
    const parts = writer.bufferedPartBytes;
    lease.set('parts', parts);
    meter.sampleMemory(engineCharge.bytes + writer.threadBytes, lease);
    meter.openFiles = writer.openFiles;
    meter.bufferedBytes = writer.bufferedRowBytes + parts;
    meter.bytesUploaded = Math.max(meter.bytesUploaded, writer.encodedBytes - parts);
    meter.rowsWritten = meter.rowsIn - writer.bufferedRows;
  };
  let largestBatchBytes = 0;
  const onBatch = (bytes: number) => {
    largestBatchBytes = Math.max(largestBatchBytes, bytes);
  };
  try {
    await pump(options, writer, onBatch, sample);
    leftBehind.push(...(await writer.finish()));
    sample();
  } catch (error) {
    leftBehind.push(...(await writer.abort()));
    throw options.signal?.aborted === true
      ? aborted(options.signal)
      : orTooSmall(error, { ...options, largestBatchBytes });
  } finally {
    lease.set('rows', 0);
    lease.set('runs', 0);
    lease.set('parts', 0);
  }
  if (writer.rowsWritten !== meter.rowsIn) {
    throw new IcestreamError(
      'ROW_COUNT_MISMATCH',
      `${meter.rowsIn} rows were read but ${writer.rowsWritten} are in the files; nothing is committed`,
    );
  }
  return meter.rowsIn;
}

async function pump(
  options: LoadRowsOptions,
  writer: RowWriter,
  onBatch: (bytes: number) => void,
  sample: () => void,
): Promise<void> {
  const { engine, source, target, constants, meter, signal } = options;
  using aligner = engine.aligner(source.schema, { target, constants });
  const shared = rowsShareValues(source.schema);
  const constantBytes = constants.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
  const rowBytes = leastRowBytes(target) + constantBytes;
  let file = source.currentFile;
  let rowsBefore = 0;
  for await (const batch of source.batches()) {
    if (signal?.aborted === true) {
      batch.free();
      throw aborted(signal);
    }
    // Where rows share values, the batch is as large as that only in parts.
    if (!shared) onBatch(batch.byteLength);
    if (source.currentFile !== file) rowsBefore = 0;
    file = source.currentFile;
    const toTable = (rows: Batch) => {
      const count = rows.numRows;
      const aligned = alignBatch(aligner, rows, rowsBefore, file);
      if (shared) onBatch(aligned.byteLength);
      rowsBefore += count;
      meter.rowsIn += count;
      return aligned;
    };
    for (const rows of inParts(batch, toTable, options.plan, rowBytes)) {
      await writer.write(rows);
      stopIfAborted(signal);
      sample();
    }
    meter.tick();
  }
  stopIfAborted(signal);
}

function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw aborted(signal);
}
