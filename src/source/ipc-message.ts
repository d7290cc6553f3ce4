/** Where things stand in an Arrow IPC stream of one batch (Arrow format: Message.fbs; FlatBuffers layout). */
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { flatField, flatRoot } from './flatbuffer.ts';

/** A vector of 16-byte structs. */
interface StructVector {
  /** Of the first struct. */
  readonly at: number;
  readonly count: number;
}

export interface RecordBatchMessage {
  readonly view: DataView;
  readonly bodyLength: number;
  /** Where the message says how long its body is. */
  readonly bodyLengthAt: number;
  /** End of the body. */
  readonly bodyEnd: number;
  /** Length and null count of each column, nested ones too. */
  readonly nodes: StructVector;
  /** Offset and length of each buffer. */
  readonly buffers: StructVector;
}

const CONTINUATION = 0xffffffff;
const RECORD_BATCH = 3;

/** The record batch of a stream: its schema and at most dictionaries come first. */
export function recordBatchMessage(ipc: Bytes): RecordBatchMessage {
  const view = new DataView(ipc.buffer, ipc.byteOffset, ipc.byteLength);
  for (let at = 0; at + 8 <= ipc.length; ) {
    if (view.getUint32(at, true) !== CONTINUATION) throw layoutError();
    const metadata = at + 8;
    const body = metadata + view.getInt32(at + 4, true);
    if (body === metadata || body > ipc.length) break;
    const message = flatRoot(view, metadata);
    const lengthAt = flatField(view, message, 3);
    const bodyLength = lengthAt === null ? 0 : Number(view.getBigInt64(lengthAt, true));
    const type = flatField(view, message, 1);
    const header = flatField(view, message, 2);
    if (type !== null && header !== null && lengthAt !== null && view.getUint8(type) === RECORD_BATCH) {
      const batch = header + view.getUint32(header, true);
      return {
        view,
        bodyLength,
        bodyLengthAt: lengthAt,
        bodyEnd: body + bodyLength,
        nodes: structs(view, batch, 1),
        buffers: structs(view, batch, 2),
      };
    }
    at = body + bodyLength;
  }
  throw layoutError();
}

export function layoutError(): IcestreamError {
  return new IcestreamError('ENGINE_FAILED', 'the engine wrote an Arrow message that is not laid out as expected');
}

function structs(view: DataView, table: number, id: number): StructVector {
  const at = flatField(view, table, id);
  if (at === null) return { at: 0, count: 0 };
  const vector = at + view.getUint32(at, true);
  return { at: vector + 4, count: view.getUint32(vector, true) };
}
