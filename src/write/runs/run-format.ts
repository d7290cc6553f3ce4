/**
 * A run is a file that a clustered write keeps for itself for a while: records in the order of their partition keys,
 * one after the other. A record is a head of fixed size, its partition as JSON, and its rows as `Batch.toBare` gives
 * them: all records of a write have the same schema.
 */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { bytesIn, fromHex, toHex, utf8 } from '../../util/encoding.ts';
import { xxhash32 } from '../../util/xxhash32.ts';
import type { PartitionId } from '../rows/partition-router.ts';

export const HEAD_BYTES = 24;
/** "icer". */
const MAGIC = 0x72656369;
/** As rows are padded: checksums of many short pieces, or of bytes between words, would cost more. */
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
  /** Of `Batch.toBare`, in pieces. */
  readonly body: readonly Bytes[];
}

/** What comes before the body of a record, but for what `fillHead` says of that. */
export function recordStart({ key, values }: PartitionId): Bytes {
  const text = utf8(JSON.stringify([key, ...values.map((value) => value && toHex(value))]));
  const start = new Uint8Array(Math.ceil((HEAD_BYTES + text.length) / ALIGNMENT) * ALIGNMENT).fill(0x20);
  start.set(text, HEAD_BYTES);
  return start;
}

export function fillHead(start: Bytes, rows: number, body: readonly Bytes[]): void {
  const view = new DataView(start.buffer, start.byteOffset, HEAD_BYTES);
  const partition = start.subarray(HEAD_BYTES);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, rows, true);
  view.setUint32(8, partition.length, true);
  view.setUint32(12, bytesIn(body), true);
  view.setUint32(16, xxhash32(partition), true);
  view.setUint32(20, xxhash32(...body), true);
}

/** Null: these bytes are no head. */
export function decodeRecordHead(bytes: Bytes): RecordHead | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) return null;
  return {
    rows: view.getUint32(4, true),
    partitionBytes: view.getUint32(8, true),
    bodyBytes: view.getUint32(12, true),
    partitionChecksum: view.getUint32(16, true),
    bodyChecksum: view.getUint32(20, true),
  };
}

export function decodePartition(bytes: Bytes): PartitionId {
  const [key, ...values] = JSON.parse(decoder.decode(bytes)) as [string, ...(string | null)[]];
  return { key, values: values.map((value) => (value === null ? null : fromHex(value))) };
}

/** The store gave back something else than was written. */
export function damagedRun(location: string, what: string): IcestreamError {
  return new IcestreamError(
    'INVALID_RESPONSE',
    `${location}: a temporary file of this write is not as it was written (${what}); nothing is committed; load again`,
    { file: location, retryable: true },
  );
}
