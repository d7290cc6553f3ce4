/** Parquet files by byte ranges: the footer first, then one row group after another, whole or a part at a time. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import type { ArrowSchema } from '../arrow-schema.ts';
import type { Batch, ParquetReader, RangeReader, RowGroupRows } from '../engine.ts';
import type { LeafPageIndex, ParquetFooter } from '../footer.ts';
import { type BatchList, batchesOf } from './batch.ts';
import { type FooterJson, footerOf } from './footer-json.ts';
import type { WasmInstance } from './instance.ts';
import { type LeafPageIndexJson, pageIndexOf } from './page-index-json.ts';
import { aborted, type ByteRange, readRanges } from './ranges.ts';

/** What a step answers (`wasm/src/abi/decode.rs`). */
const BATCH = 1;
const NEEDS = 2;

interface OpenedFile {
  readonly file: number;
  readonly schema: ArrowSchema;
  readonly footer: FooterJson;
}

interface Needs {
  readonly ranges: readonly ByteRange[];
  readonly maxGapBytes: number;
}

/** Requests are not made smaller than this by a memory limit. */
const LEAST_REQUEST_BYTES = 256 * 1024;

type BatchesOptions = NonNullable<Parameters<ParquetReader['batches']>[0]>;
type PageIndexOptions = NonNullable<Parameters<ParquetReader['pageIndex']>[2]>;

/**
 * Reads the footer: the last 64 KiB, and what is missing of it.
 * @throws IcestreamError SOURCE_CORRUPT, UNSUPPORTED (encrypted), SOURCE_UNREADABLE, ABORTED.
 */
export async function openParquet(
  instance: WasmInstance,
  file: RangeReader,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ParquetReader> {
  const handle = instance.call('parquet_footer', file.sizeBytes);
  try {
    while (decode(instance, 'parquet_footer_step', handle) === NEEDS) {
      const push = (range: ByteRange, bytes: Bytes) => instance.call('parquet_footer_push', handle, range[0], bytes);
      await readRanges(file, instance.meta() as ByteRange[], push, { signal: options.signal });
    }
    return new WasmParquetReader(instance, file, instance.meta() as OpenedFile);
  } finally {
    instance.drop(handle);
  }
}

class WasmParquetReader implements ParquetReader {
  readonly schema: ArrowSchema;
  readonly footer: ParquetFooter;
  readonly #instance: WasmInstance;
  readonly #file: RangeReader;
  #handle: number;

  constructor(instance: WasmInstance, file: RangeReader, opened: OpenedFile) {
    this.#instance = instance;
    this.#file = file;
    this.#handle = opened.file;
    this.schema = opened.schema;
    this.footer = footerOf(opened.footer);
  }

  async *batches(options: BatchesOptions = {}): AsyncGenerator<Batch, void, undefined> {
    const instance = this.#instance;
    const { rowGroups, columns, batchRows, rows: most, memoryLimitBytes, signal } = options;
    const selected = rowGroups && selectionOf(rowGroups);
    const request = { rowGroups: selected?.groups, columns, batchRows, rows: most, memoryLimitBytes };
    const ranges = selected?.ranges ?? new Uint8Array(0);
    const rows = instance.call('parquet_read', this.#handle, JSON.stringify(request), ranges);
    let schema: ArrowSchema | undefined;
    try {
      for (;;) {
        const state = decode(instance, 'parquet_rows_step', rows);
        if (state === NEEDS) {
          const push = (range: ByteRange, bytes: Bytes) => instance.call('parquet_rows_push', rows, range[0], bytes);
          const { ranges, maxGapBytes } = instance.meta() as Needs;
          const maxJoinedBytes = Math.max(LEAST_REQUEST_BYTES, (memoryLimitBytes ?? Infinity) / 16);
          const limits = { signal, maxGapBytes, ...(memoryLimitBytes === undefined ? {} : { maxJoinedBytes }) };
          await readRanges(this.#file, ranges, push, limits);
        } else if (state === BATCH) {
          for (const batch of batchesOf(instance, instance.meta() as BatchList, schema)) {
            schema ??= batch.schema;
            yield batch;
          }
          if (signal?.aborted) throw aborted(signal);
        } else {
          return;
        }
      }
    } finally {
      instance.drop(rows);
    }
  }

  async pageIndex(
    rowGroup: number,
    leaves: readonly number[],
    { memoryLimitBytes, signal }: PageIndexOptions = {},
  ): Promise<LeafPageIndex[]> {
    const instance = this.#instance;
    const request = JSON.stringify({ rowGroup, leaves, memoryLimitBytes });
    const handle = instance.call('parquet_page_index', this.#handle, request);
    try {
      while (decode(instance, 'parquet_page_index_step', handle) === NEEDS) {
        const push = (range: ByteRange, bytes: Bytes) =>
          instance.call('parquet_page_index_push', handle, range[0], bytes);
        await readRanges(this.#file, instance.meta() as ByteRange[], push, { signal });
      }
      return (instance.meta() as LeafPageIndexJson[]).map(pageIndexOf);
    } finally {
      instance.drop(handle);
    }
  }

  free(): void {
    this.#instance.drop(this.#handle);
    this.#handle = -1;
  }

  [Symbol.dispose](): void {
    this.free();
  }
}

/** Row groups with the number of their ranges, and the ranges of all of them. */
function selectionOf(rowGroups: readonly RowGroupRows[]): {
  readonly groups: ReadonlyArray<readonly [index: number, ranges: number | null]>;
  readonly ranges: Bytes;
} {
  const all = new Uint32Array(rowGroups.reduce((sum, { rows }) => sum + (rows?.length ?? 0), 0));
  let at = 0;
  const groups = rowGroups.map(({ index, rows }) => {
    if (rows === undefined) return [index, null] as const;
    if (rows.length % 2 !== 0) {
      const text = `row group ${index}: rows has ${rows.length} numbers; each range is a start and an end`;
      throw new IcestreamError('INVALID_ARGUMENT', text);
    }
    all.set(rows, at);
    at += rows.length;
    return [index, rows.length / 2] as const;
  });
  return { groups, ranges: new Uint8Array(all.buffer) };
}

/** Pages are checked before they are decoded; a panic even so leaves open whether the file or the engine is at fault. */
function decode(instance: WasmInstance, name: string, handle: number): number {
  const before = instance.alive;
  try {
    return instance.call(name, handle);
  } catch (error) {
    const stopped = before && !instance.alive && error instanceof IcestreamError;
    if (!stopped || !/panicked/.test(error.message)) throw error;
    throw new IcestreamError(
      'ENGINE_FAILED',
      `the Parquet file could not be decoded: it is damaged in a way that is not recognised, or icestream is at fault; if another program reads all of it, please report this: ${error.message}`,
      { cause: error },
    );
  }
}
