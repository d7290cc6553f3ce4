/** A batch of a scan in JavaScript's memory: nothing to free, and any Arrow library reads it. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import type { Bytes } from '../util/bytes.ts';
import { type Row, rowsOf } from './ipc-rows.ts';

export class ScanBatch {
  readonly schema: ArrowSchema;
  readonly numRows: number;
  /**
   * The batch as one Arrow IPC stream: schema, record batch, end of stream. `tableFromIPC` of apache-arrow and others
   * take it; `recordBatches` of `icestream/arrow` does it for a whole scan.
   */
  readonly ipc: Bytes;

  constructor(schema: ArrowSchema, numRows: number, ipc: Bytes) {
    this.schema = schema;
    this.numRows = numRows;
    this.ipc = ipc;
  }

  /**
   * The rows as objects without a prototype, with exact values: long → bigint; decimal, date, time, timestamp and uuid
   * → text as in the spec's JSON form (`2026-11-21T10:00:00.000001`, `+00:00` behind instants); binary and fixed →
   * Uint8Array; list → array; struct → object; map → Map.
   */
  rows(): Generator<Row, void, undefined> {
    return rowsOf(this.schema, this.ipc);
  }
}
