/**
 * A run is a file that a clustered write keeps for itself for a while: records in the order of their partition keys,
 * one after the other. A record is a head of fixed size, its partition as JSON, and its rows as messages of an Arrow IPC
 * stream whose schema message is left out, because all records of a write have the same one.
 */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { bytesIn, fromHex, toHex, utf8 } from '../../util/encoding.ts';
import { xxhash32 } from '../../util/xxhash32.ts';
import type { PartitionId } from '../rows/partition-router.ts';

export const HEAD_BYTES = 24;
/** "icer". */
const MAGIC = 0x72656369;
/** As Arrow pads its messages: checksums of many short pieces, or of bytes between words, would cost more. */
export const ALIGNMENT = 64;

const decoder = new TextDecoder();

/** What a head says of its record. */
export interface RecordHead {
  readonly rows: number;
  readonly partitionBytes: number;
  readonly bodyBytes: number;
  readonly partitionChecksum: number;
  readonly bodyChecksum: number;
}

/** Rows of one partition in a run. */
export interface RunRecord {
  readonly partition: PartitionId;
  readonly rows: number;
  /** Arrow IPC messages, in pieces that need not end where a message does. */
  readonly body: readonly Bytes[];
}

/** What comes before the body of a record. */
export function encodeRecordStart({ partition: { key, values }, rows, body }: RunRecord): Bytes {
  const text = utf8(JSON.stringify([key, ...values.map((value) => value && toHex(value))]));
  const start = new Uint8Array(Math.ceil((HEAD_BYTES + text.length) / ALIGNMENT) * ALIGNMENT).fill(0x20);
  start.set(text, HEAD_BYTES);
  const view = new DataView(start.buffer);
  const partition = start.subarray(HEAD_BYTES);
  const fields = [MAGIC, rows, partition.length, bytesIn(body), xxhash32(partition), xxhash32(...body)];
  for (const [at, field] of fields.entries()) view.setUint32(4 * at, field, true);
  return start;
}

/** Null: these bytes are no head. */
export function decodeRecordHead(bytes: Bytes): RecordHead | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [magic, rows = 0, partitionBytes = 0, bodyBytes = 0, partitionChecksum = 0, bodyChecksum = 0] = Array.from(
    { length: HEAD_BYTES / 4 },
    (_, at) => view.getUint32(4 * at, true),
  );
  return magic === MAGIC ? { rows, partitionBytes, bodyBytes, partitionChecksum, bodyChecksum } : null;
}

export function decodePartition(bytes: Bytes): PartitionId {
  const [key, ...values] = JSON.parse(decoder.decode(bytes)) as [string, ...(string | null)[]];
  return { key, values: values.map((value) => (value === null ? null : fromHex(value))) };
}

/** The schema message of an Arrow IPC stream, and the messages between it and the stream's end. */
export function splitIpcStream(stream: Bytes): { readonly schema: Bytes; readonly messages: Bytes } {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  // A continuation mark and a length, before the schema message; without a body; and the same at the end, with 0.
  const schemaEnd = 8 + view.getInt32(4, true);
  return { schema: stream.subarray(0, schemaEnd), messages: stream.subarray(schemaEnd, stream.length - 8) };
}

/** The store gave back something else than was written. */
export function damagedRun(location: string, what: string): IcestreamError {
  return new IcestreamError(
    'INVALID_RESPONSE',
    `${location}: a temporary file of this write is not as it was written (${what}); nothing is committed; load again`,
    { file: location, retryable: true },
  );
}
