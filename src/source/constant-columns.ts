/**
 * Columns that hold one value in all rows of a file: those of its path. The engine has no way to make them, so the
 * column is added as nulls by an aligner, and the nulls are replaced in the batch's Arrow IPC form, whose layout is
 * fixed (Arrow format: Encapsulated message format, RecordBatch message).
 */
import type { ArrowField, ArrowSchema } from '../engine/arrow-schema.ts';
import type { Aligner, Batch, Engine } from '../engine/engine.ts';
import type { SingleValue } from '../spec/types.ts';
import type { Bytes } from '../util/bytes.ts';
import { concatBytes } from '../util/encoding.ts';
import { bufferCount, constantBuffers } from './constant-buffers.ts';
import { layoutError, recordBatchMessage } from './ipc-message.ts';

export interface Constant {
  readonly field: ArrowField;
  readonly value: SingleValue | null;
}

export class ConstantColumns implements Disposable {
  readonly schema: ArrowSchema;
  readonly #engine: Engine;
  readonly #constants: readonly Constant[];
  readonly #aligner: Aligner;

  /** `file`: the schema of the batches; `plain`: the same in types that the aligner gives. */
  constructor(engine: Engine, file: ArrowSchema, plain: ArrowSchema, constants: readonly Constant[]) {
    this.#engine = engine;
    this.#constants = constants;
    this.schema = { fields: [...plain.fields, ...constants.map(({ field }) => ({ ...field, nullable: true }))] };
    this.#aligner = engine.aligner(file, { target: this.schema });
  }

  /** The batch with the constant columns at its end; consumes it. */
  add(batch: Batch): Batch {
    const widened = this.#aligner.align(batch);
    if (widened.numRows === 0 || this.#constants.every(({ value }) => value === null)) return widened;
    let ipc: Bytes;
    try {
      ipc = widened.toIpc();
    } finally {
      widened.free();
    }
    const [filled, ...more] = this.#engine.fromIpc(fill(ipc, widened.numRows, this.#constants));
    for (const other of more) other.free();
    if (filled === undefined) throw layoutError();
    return filled;
  }

  [Symbol.dispose](): void {
    this.#aligner.free();
  }
}

/** The stream with the nulls of its last columns replaced by their values, which are put behind the body. */
function fill(ipc: Bytes, rows: number, constants: readonly Constant[]): Bytes {
  const message = recordBatchMessage(ipc);
  const { view } = message;
  let node = message.nodes.count - constants.length;
  let slot = message.buffers.count - constants.reduce((sum, { field }) => sum + bufferCount(field.type), 0);
  if (node < 0 || slot < 0) throw layoutError();
  const appended: Bytes[] = [];
  let end = message.bodyLength;
  for (const { field, value } of constants) {
    const values = value === null ? [] : constantBuffers(field.type, value, rows);
    if (value !== null) view.setBigInt64(message.nodes.at + node * 16 + 8, 0n, true);
    for (const [b, bytes] of values.entries()) {
      const at = message.buffers.at + (slot + b) * 16;
      view.setBigInt64(at, BigInt(end), true);
      view.setBigInt64(at + 8, BigInt(bytes.length), true);
      const block = new Uint8Array(Math.ceil(bytes.length / 64) * 64);
      block.set(bytes);
      appended.push(block);
      end += block.length;
    }
    node += 1;
    slot += bufferCount(field.type);
  }
  view.setBigInt64(message.bodyLengthAt, BigInt(end), true);
  return concatBytes([ipc.subarray(0, message.bodyEnd), ...appended, ipc.subarray(message.bodyEnd)]);
}
