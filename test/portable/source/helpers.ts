/** Reading sources in tests: rows as plain values, and a check that nothing stays in the engine's memory. */

import { type RecordBatch, Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import { expect } from 'vitest';
import { getEngine } from '../../../src/engine/default-engine.ts';
import type { Batch, Engine } from '../../../src/engine/engine.ts';
import type { OpenSourceOptions, RecordBatchSource } from '../../../src/source/source.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { MemoryLease } from '../../../src/util/memory-budget.ts';
import { rowGroupBytes } from '../../support/row-group.ts';

export const text = (value: string): Bytes => new TextEncoder().encode(value);

export const LIMIT = 64 * 1024 * 1024;

export async function openOptions(more: Partial<OpenSourceOptions> = {}): Promise<OpenSourceOptions> {
  return { engine: await getEngine(), lease: new MemoryLease(LIMIT), ...more };
}

export type PlainRow = Record<string, unknown>;

/** A batch's rows; frees it. */
export function plainRows(batch: Batch): PlainRow[] {
  using held = batch;
  return tableRows(tableFromIPC(held.toIpc()));
}

export function tableRows(table: Table): PlainRow[] {
  const names = table.schema.fields.map((f) => f.name);
  return Array.from({ length: table.numRows }, (_, i) =>
    Object.fromEntries(names.map((name, c) => [name, plain(table.getChildAt(c)?.get(i))])),
  );
}

function plain(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'object' || value instanceof Date) return value;
  if (value instanceof Uint8Array) return Array.from(value);
  // Arrow's rows are proxies: they have what `in` does not see.
  const toJson: unknown = Reflect.get(value, 'toJSON');
  if (typeof toJson === 'function') {
    const json: unknown = toJson.call(value);
    if (Array.isArray(json)) return json.map(plain);
    if (typeof json === 'object' && json !== null) {
      return Object.fromEntries(Object.entries(json).map(([k, v]) => [k, plain(v)]));
    }
    return json;
  }
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plain);
  return value;
}

export interface ReadResult {
  readonly rows: PlainRow[];
  /** Rows of each batch. */
  readonly sizes: number[];
  readonly columns: string[];
  readonly totalRows: number | null;
}

/** Reads a source to its end; the engine and the lease must be as before. */
export async function readAll(source: RecordBatchSource, more: Partial<OpenSourceOptions> = {}): Promise<ReadResult> {
  const options = await openOptions(more);
  const before = options.engine.liveBytes;
  const rows: PlainRow[] = [];
  const sizes: number[] = [];
  let columns: string[] = [];
  let totalRows: number | null = null;
  try {
    await using open = await source.open(options);
    columns = open.schema.fields.map((f) => f.name);
    totalRows = open.totalRows;
    for await (const batch of open.batches()) {
      sizes.push(batch.numRows);
      rows.push(...plainRows(batch));
    }
  } finally {
    expectNothingHeld(options, before);
  }
  return { rows, sizes, columns, totalRows };
}

export function expectNothingHeld({ engine, lease }: OpenSourceOptions, before: number): void {
  expect(lease.usedBytes).toBe(0);
  if (engine.alive) expect(engine.liveBytes - before).toBeLessThan(16 * 1024);
}

/** Arrow IPC bytes of a table, as a stream or a file. */
export function ipc(table: Table, format: 'stream' | 'file' = 'stream'): Bytes {
  return tableToIPC(table, format) as Bytes;
}

/** One table of several batches. */
export function tableOf(...batches: RecordBatch[]): Table {
  return new Table(batches);
}

/** Parquet bytes of batches, by the engine itself; frees them. */
export async function parquetOf(engine: Engine, batches: readonly Batch[], rowGroupRows = 1000): Promise<Bytes> {
  const [first] = batches;
  if (first === undefined) throw new Error('no batch');
  using encoder = engine.encoder({
    schema: first.schema,
    codec: 'zstd',
    level: 1,
    encoding: 'default',
    pageSizeBytes: 1 << 20,
    pageRowLimit: 20_000,
    dictionarySizeBytes: 1 << 20,
    statisticsTruncateBytes: null,
  });
  const parts: Bytes[] = [];
  for (const batch of batches) {
    for (let at = 0; at < batch.numRows; at += rowGroupRows) {
      parts.push(await rowGroupBytes(encoder, [batch.slice(at, Math.min(rowGroupRows, batch.numRows - at))]));
    }
    batch.free();
  }
  parts.push((await encoder.finish()).bytes);
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
