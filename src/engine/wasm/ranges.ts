/** Byte ranges of a file, fetched with few requests. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { release } from '../../util/release.ts';
import type { RangeReader } from '../engine.ts';

export type ByteRange = readonly [start: number, end: number];

/** Bytes between two ranges that are cheaper to read along than to ask for again. */
export const MAX_GAP_BYTES = 64 * 1024;
/** A request is not made larger than this by joining; a single range may be. */
const MAX_JOINED_BYTES = 8 * 1024 * 1024;
const IN_FLIGHT = 4;

/** Ranges in ascending order, joined into requests. */
export function joinRanges(
  ranges: readonly ByteRange[],
  maxGapBytes = MAX_GAP_BYTES,
  maxJoinedBytes = MAX_JOINED_BYTES,
): ReadonlyArray<{ readonly read: ByteRange; readonly ranges: readonly ByteRange[] }> {
  const joined: Array<{ read: ByteRange; ranges: ByteRange[] }> = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    const near = last !== undefined && range[0] >= last.read[0] && range[0] - last.read[1] <= maxGapBytes;
    if (last !== undefined && near && range[1] - last.read[0] <= maxJoinedBytes) {
      last.read = [last.read[0], Math.max(last.read[1], range[1])];
      last.ranges.push(range);
    } else {
      joined.push({ read: range, ranges: [range] });
    }
  }
  return joined;
}

export interface ReadRangesOptions {
  readonly signal: AbortSignal | undefined;
  /** Default 64 KiB. */
  readonly maxGapBytes?: number;
  /** Default 8 MiB. */
  readonly maxJoinedBytes?: number;
}

/**
 * Reads all ranges, a few requests at a time, and shows each range to `take` as soon as it is there, in no fixed order.
 * @throws IcestreamError SOURCE_UNREADABLE for an answer of the wrong length, ABORTED.
 */
export async function readRanges(
  file: RangeReader,
  ranges: readonly ByteRange[],
  take: (range: ByteRange, bytes: Bytes) => void,
  { signal, maxGapBytes, maxJoinedBytes }: ReadRangesOptions,
): Promise<void> {
  const queue = [...joinRanges(ranges, maxGapBytes, maxJoinedBytes)].reverse();
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const worker = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined && !stop.signal.aborted; next = queue.pop()) {
      const bytes = await readRange(file, next.read, either);
      if (stop.signal.aborted) return;
      for (const range of next.ranges) {
        take(range, bytes.subarray(range[0] - next.read[0], range[1] - next.read[0]));
      }
      release(bytes);
    }
  };
  const workers = Array.from({ length: Math.min(IN_FLIGHT, queue.length) }, () =>
    worker().catch((error: unknown) => {
      stop.abort(error);
      throw error;
    }),
  );
  // The first failure is the one to tell, but nothing may still be running when it is told.
  await Promise.allSettled(workers);
  await Promise.all(workers);
}

async function readRange(file: RangeReader, [start, end]: ByteRange, signal: AbortSignal): Promise<Bytes> {
  if (signal.aborted) throw aborted(signal);
  let bytes: Bytes;
  try {
    bytes = await file.read(start, end, signal);
  } catch (error) {
    throw signal.aborted ? aborted(signal) : error;
  }
  if (bytes.length !== end - start) {
    throw new IcestreamError(
      'SOURCE_UNREADABLE',
      `${end - start} bytes were asked for at ${start} and ${bytes.length} came; was the file changed while it was read?`,
    );
  }
  return bytes;
}

/** The error of an aborted read. */
export function aborted(signal: AbortSignal): IcestreamError {
  return signal.reason instanceof IcestreamError
    ? signal.reason
    : new IcestreamError('ABORTED', 'reading the Parquet file was aborted', { cause: signal.reason });
}
