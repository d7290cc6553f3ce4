/** Rows for the tests of this folder: made with apache-arrow, so that nothing under test makes its own input. */
import * as arrow from 'apache-arrow';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { Batch, Engine } from '../../../src/engine/engine.ts';
import type { OpenSource, RecordBatchSource } from '../../../src/source/source.ts';
import type { Bytes } from '../../../src/util/bytes.ts';

export const MiB = 1024 * 1024;

export interface TestRows {
  /** Rows `[start, end)` as one IPC stream. */
  ipc(start: number, end: number): Bytes;
  readonly count: number;
}

/** `id` long, `at` timestamp over some months, `name` text with nulls, `amount` double, `kind` one of 16 texts. */
export function orders(count: number, kinds = 16): TestRows {
  return {
    count,
    ipc: (start, end) => {
      const ids = new BigInt64Array(end - start);
      const at = new BigInt64Array(end - start);
      const amount = new Float64Array(end - start);
      const names: (string | null)[] = [];
      const kind: string[] = [];
      for (let row = start; row < end; row++) {
        const mixed = (row * 2654435761) >>> 0;
        ids[row - start] = BigInt(row);
        at[row - start] = 1_700_000_000_000_000n + BigInt(mixed) * 3000n;
        amount[row - start] = (mixed % 100_000) / 7;
        names.push(row % 50 === 0 ? null : `customer ${mixed.toString(36)}`);
        kind.push(`kind-${mixed % kinds}`);
      }
      const vectors = {
        id: arrow.makeVector(ids),
        at: arrow.makeVector(
          arrow.makeData({ type: new arrow.TimestampMicrosecond(), length: at.length, nullCount: 0, data: at }),
        ),
        name: arrow.vectorFromArray(names, new arrow.Utf8()),
        amount: arrow.makeVector(amount),
        kind: arrow.vectorFromArray(kind, new arrow.Utf8()),
      };
      const fields = Object.entries(vectors).map(([name, vector]) => new arrow.Field(name, vector.type, true));
      const table = new arrow.Table(new arrow.Schema(fields), vectors);
      return new Uint8Array(arrow.tableToIPC(table, 'stream'));
    },
  };
}

/** The same rows, kept as they were made: to make them takes as long as to write them. */
export function madeOnce(rows: TestRows): TestRows {
  const made = new Map<string, Bytes>();
  return {
    count: rows.count,
    ipc: (start, end) => {
      const range = `${start}-${end}`;
      const bytes = made.get(range) ?? rows.ipc(start, end);
      made.set(range, bytes);
      return bytes;
    },
  };
}

export interface TestSourceOptions {
  readonly batchRows?: number;
  /** Throws instead of the batch that would hold this row. */
  readonly failAtRow?: number;
  /** Called with the first row of each batch, and waited for, before the batch is made. */
  readonly beforeBatch?: (row: number) => unknown;
}

/** A source of test rows, cut into batches as asked. */
export function sourceOf(rows: TestRows, options: TestSourceOptions = {}): RecordBatchSource {
  const { batchRows = 10_000, failAtRow, beforeBatch } = options;
  return {
    name: 'test rows',
    replayable: true,
    sizeBytes: null,
    open: async ({ engine }): Promise<OpenSource> => {
      using header = engine.ipcReader();
      for (const batch of header.push(rows.ipc(0, Math.min(1, rows.count)))) batch.free();
      const { schema } = header;
      if (schema === null) throw new Error('no schema');
      return {
        schema,
        totalRows: rows.count,
        currentFile: null,
        async *batches(): AsyncGenerator<Batch> {
          for (let start = 0; start < rows.count; start += batchRows) {
            const end = Math.min(start + batchRows, rows.count);
            await beforeBatch?.(start);
            if (failAtRow !== undefined && failAtRow < end) throw new Error('the source broke');
            for (const batch of engine.fromIpc(rows.ipc(start, end))) yield batch;
          }
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

let engine: Promise<Engine> | undefined;

/** One engine for all tests of a file. */
export function testEngine(): Promise<Engine> {
  engine ??= newEngine({ memoryLimitBytes: 128 * MiB });
  return engine;
}

/** The rows of an apache-arrow table. */
export function tableRows(table: arrow.Table): TestRows {
  return {
    count: table.numRows,
    ipc: (start, end) => new Uint8Array(arrow.tableToIPC(table.slice(start, end), 'stream')),
  };
}
