/** The record batch inside of an Arrow IPC stream that the engine wrote (Arrow columnar format: Encapsulated messages). */
import { IcestreamError } from '../errors.ts';
import { flatField, flatRoot } from '../source/flatbuffer.ts';
import type { Bytes } from '../util/bytes.ts';

/** Buffers of one batch in the order of the format's pre-order walk, uncompressed. */
export interface IpcBatch {
  readonly numRows: number;
  /** Rows and nulls of each field. */
  readonly nodes: ReadonlyArray<{ readonly length: number; readonly nullCount: number }>;
  readonly buffers: readonly Bytes[];
}

const CONTINUATION = 0xffffffff;
const PREFIX_BYTES = 8;
const END_OF_STREAM_BYTES = 8;
const NODE_BYTES = 16;
const BUFFER_BYTES = 16;

/** The stream's schema message, its batch message with body, and its end. */
export function splitStream(ipc: Bytes): { readonly schema: Bytes; readonly batch: Bytes; readonly end: Bytes } {
  const view = viewOf(ipc);
  if (ipc.length < PREFIX_BYTES || view.getUint32(0, true) !== CONTINUATION) throw unreadable();
  const schemaEnd = PREFIX_BYTES + view.getInt32(4, true);
  const end = ipc.length - END_OF_STREAM_BYTES;
  return { schema: ipc.subarray(0, schemaEnd), batch: ipc.subarray(schemaEnd, end), end: ipc.subarray(end) };
}

/** Reads the batch of a stream of one batch. */
export function readIpcBatch(ipc: Bytes): IpcBatch {
  const { batch } = splitStream(ipc);
  const view = viewOf(batch);
  const bodyStart = PREFIX_BYTES + view.getInt32(4, true);
  const body = batch.subarray(bodyStart);
  const message = new FlatTable(view, flatRoot(view, PREFIX_BYTES));
  const header = message.table(2);
  return {
    numRows: header.int64(0),
    nodes: header.structs(1, NODE_BYTES, (at) => ({ length: int64(view, at), nullCount: int64(view, at + 8) })),
    buffers: header.structs(2, BUFFER_BYTES, (at) => {
      const start = int64(view, at);
      return body.subarray(start, start + int64(view, at + 8));
    }),
  };
}

/** A table of FlatBuffers: fields by their position in the schema. */
class FlatTable {
  readonly #view: DataView;
  readonly #at: number;

  constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
  }

  int64(field: number): number {
    const at = flatField(this.#view, this.#at, field);
    return at === null ? 0 : int64(this.#view, at);
  }

  table(field: number): FlatTable {
    const at = flatField(this.#view, this.#at, field);
    if (at === null) throw unreadable();
    return new FlatTable(this.#view, flatRoot(this.#view, at));
  }

  structs<T>(field: number, size: number, read: (at: number) => T): T[] {
    const at = flatField(this.#view, this.#at, field);
    if (at === null) return [];
    const vector = flatRoot(this.#view, at);
    return Array.from({ length: this.#view.getUint32(vector, true) }, (_, i) => read(vector + 4 + i * size));
  }
}

function int64(view: DataView, at: number): number {
  return Number(view.getBigInt64(at, true));
}

function viewOf(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function unreadable(): IcestreamError {
  return new IcestreamError(
    'ENGINE_FAILED',
    'the engine wrote an Arrow stream that cannot be read; please report this',
  );
}
