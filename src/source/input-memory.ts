/** Bytes that are at hand: arrays, blobs and files. */
import type { RangeReader } from '../engine/engine.ts';
import type { Bytes } from '../util/bytes.ts';
import type { ByteInput } from './byte-input.ts';
import { passingChunks } from './input-stream.ts';

const PIECE_BYTES = 256 * 1024;

/** Bytes in memory: they stay the caller's. */
export function bytesInput(data: Uint8Array | ArrayBuffer, name = 'bytes'): ByteInput {
  const view = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
  const bytes = view.buffer instanceof ArrayBuffer ? (view as Bytes) : new Uint8Array(view);
  const reader: RangeReader = {
    sizeBytes: bytes.length,
    // Whoever reads takes the bytes over.
    read: async (start, end) => bytes.slice(start, end),
  };
  return {
    name,
    sizeBytes: bytes.length,
    replayable: true,
    rangesAreCheap: true,
    async *stream() {
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
    },
    ranges: async () => reader,
  };
}

/** A Blob, or a File that someone chose; a file that changes after that gives SOURCE_UNREADABLE. */
export function blobInput(blob: Blob, name?: string): ByteInput {
  const reader: RangeReader = {
    sizeBytes: blob.size,
    read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
  };
  const own = 'name' in blob && typeof blob.name === 'string' && blob.name !== '' ? blob.name : 'blob';
  return {
    name: name ?? own,
    sizeBytes: blob.size,
    replayable: true,
    rangesAreCheap: true,
    stream: (signal) => passingChunks(blob.stream(), signal),
    ranges: async () => reader,
  };
}
