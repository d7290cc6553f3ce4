/**
 * How one write divides its memory: a pure function of the limit, what the store can do and what is known of the
 * rows. Everything that decides where row groups and files end follows from these numbers and the data alone.
 */
import { ENGINE_FIXED_BYTES, PAGE_BYTES, wholeMebibytes } from '../engine/out-of-memory.ts';
import type { EncodeThreads } from '../engine/threads/threads.ts';
import { IcestreamError } from '../errors.ts';
import type { StoreCapabilities } from '../storage/store.ts';
import { readerShareBytes, threadEngineBytes } from '../util/memory-budget.ts';

const MiB = 1024 * 1024;

export interface MemoryPlanRequest {
  /** `memoryLimitBytes` of the write. */
  readonly limitBytes: number;
  /** Absent: none encode beside the writer's own. */
  readonly threads?: PlannedThreads | undefined;
  readonly capabilities: StoreCapabilities;
  /** Bytes of a typical row as the schema suggests; see `estimateRowBytes`. */
  readonly rowBytes: number;
  /** Leaf columns of the table: an open encoder keeps page state and facts for each. */
  readonly leafColumns: number;
  readonly partitioned: boolean;
  /** `write.target-file-size-bytes`: the parts of one file must be enough for it. */
  readonly targetFileSizeBytes: number;
  /** What the source would hold in the engine (`OpenSource.engineBytes`); it gets a bounded share. */
  readonly sourceEngineBytes?: number;
  /** Most rows of the source's batches (`OpenSource.batchRows`). Default: it is not known, and nothing is set aside. */
  readonly sourceBatchRows?: number;
  /** The most the engine at hand may take, where it is less than this write's share. */
  readonly engineLimitBytes?: number;
}

/** Threads that encode for a write. */
export interface PlannedThreads {
  readonly count: number;
  /** Their memory is their owner's, not of the write's limit. */
  readonly owned: boolean;
}

export interface MemoryPlan {
  /** The writer's own share of the limit. */
  readonly limitBytes: number;
  /** The most wasm memory this write may come to use: the source, buffered rows, a batch, one row group in the works. */
  readonly engineBytes: number;
  /** Of that, what is there for rows, row groups and open files. */
  readonly roomBytes: number;
  /** Rows waiting for their row group, over all partitions, by `Batch.byteLength` and `sliceBytes`. */
  readonly bufferedRowBytes: number;
  /** What a batch takes besides its rows. */
  readonly sliceBytes: number;
  /** Rows of so many partitions at most are routed at once. */
  readonly mostSlices: number;
  /** Rows between two decisions (row group due? partition to be closed?), by `Batch.byteLength`. */
  readonly stepBytes: number;
  /** Rows that are routed to their partitions at once, by `Batch.byteLength`: the more, the fewer and larger slices. */
  readonly routeBytes: number;
  /** A row group is due when a partition has rows of so many bytes. */
  readonly rowGroupBytes: number;
  /** What the engine may keep of open files' row groups for their footers. */
  readonly footerBytes: number;
  readonly partSizeBytes: number;
  readonly partsInFlight: number;
  /** Encoded bytes of open files that are not yet part of a request. */
  readonly pendingBytes: number;
  /** Input held outside wasm by the source. */
  readonly sourceBytes: number;
}

/** An encoding thread's engine beside its rows, with all columns' pages and contexts; measured: 10 to 16 MB. */
const THREAD_FIXED_BYTES = 12 * MiB;
/** Page and facts state of one leaf column while a file is open. */
export const ENGINE_LEAF_BYTES = 8 * 1024;
/** Of a batch, and of each of its columns: headers, and what the allocator rounds up; measured: 700 for 5. */
const SLICE_BYTES = 128;
const SLICE_LEAF_BYTES = 160;
const SOURCE_BYTES = 4 * MiB;
const MIN_ROW_SHARE = 1 * MiB;
const DEFAULT_MIN_PART = 5 * MiB;
const USUAL_PART = 8 * MiB;
const MOST_PARTS_IN_FLIGHT = 4;

/** The option `threads` of a write; 1 is the writer's own. */
export function plannedThreads(threads: number | Pick<EncodeThreads, 'count'>): PlannedThreads | undefined {
  if (typeof threads !== 'number') return { count: threads.count, owned: true };
  return threads === 1 ? undefined : { count: threads, owned: false };
}

/**
 * What a write holds itself, where `threads` encode for it: each of them has as much, of the same limit or of their
 * owner's. So the files are those of one thread with a limit of this size.
 */
export function writerShareBytes(limitBytes: number, threads?: PlannedThreads): number {
  return Math.floor(limitBytes / limitShares(threads));
}

/** How many equal shares a write's limit has. */
export function limitShares(threads?: PlannedThreads): number {
  return threads === undefined || threads.owned ? 1 : threads.count + 1;
}

/** The share of wasm memory in `limitBytes`, for an engine that is made before the rest of the plan is known. */
export function engineShareBytes(limitBytes: number): number {
  return Math.max(0, limitBytes - Math.floor(limitBytes / 3) - Math.min(SOURCE_BYTES, Math.floor(limitBytes / 8)));
}

/** A limit that leaves so many bytes besides the engine's share. */
export function limitBesides(bytes: number): number {
  return 3 * bytes;
}

/** Below this share of the engine no plan divides a limit, whatever the store and the table. */
const LEAST_ENGINE_BYTES = ENGINE_FIXED_BYTES + ENGINE_LEAF_BYTES + Math.ceil((5 * MIN_ROW_SHARE) / 3);
/** What does for tables of usual rows, on every store. */
const LEAST_USUAL_BYTES = 24 * MiB;

/**
 * Refuses a limit with which no table could be written, before an engine is made for it.
 * @throws IcestreamError MEMORY_LIMIT_TOO_SMALL, naming a limit that does for most tables.
 */
export function requireLeastLimit(limitBytes: number, threads: PlannedThreads | undefined): void {
  if (engineShareBytes(writerShareBytes(limitBytes, threads)) >= LEAST_ENGINE_BYTES) return;
  const enough = LEAST_USUAL_BYTES * limitShares(threads);
  throw new IcestreamError(
    'MEMORY_LIMIT_TOO_SMALL',
    `memoryLimitBytes ${limitBytes} is too small for any write${threads === undefined ? '' : ` (threads: ${threads.count})`}; ` +
      `set it to at least ${enough}`,
    { option: 'memoryLimitBytes', neededBytes: enough },
  );
}

/**
 * Divides `limitBytes`. At 96 MiB a write buffers 16 MiB of rows and sends up to three parts of
 * 8 MiB; at 64 MiB parts are the 5 MiB that S3 allows at least.
 * @throws IcestreamError MEMORY_LIMIT_TOO_SMALL, naming the limit that would do, of the write or of the engine at hand.
 */
export function planMemory(request: MemoryPlanRequest): MemoryPlan {
  const { threads, limitBytes, engineLimitBytes } = request;
  const share = writerShareBytes(limitBytes, threads);
  const plan = divide(request, share);
  if (plan !== null) return plan;
  const what =
    `is too small for this write (${request.leafColumns} columns, rows of about ${request.rowBytes} bytes` +
    `${threads === undefined ? '' : `, threads: ${threads.count}`})`;
  const refusal = (text: string, option: string, neededBytes: number) =>
    new IcestreamError('MEMORY_LIMIT_TOO_SMALL', text, { option, neededBytes });
  if (wouldDo(request, limitBytes)) {
    const enough = wholeMebibytes(engineShareBytes(share));
    const text = `an engine of ${engineLimitBytes} bytes ${what}; give it one with memoryLimitBytes of at least ${enough}`;
    throw refusal(text, 'engine', enough);
  }
  const enough = enoughFor(request);
  throw refusal(`memoryLimitBytes ${limitBytes} ${what}; set it to at least ${enough}`, 'memoryLimitBytes', enough);
}

/** The least whole number of MiB that divides, found by halves: rows may be of terabytes, by their schema. */
function enoughFor(request: MemoryPlanRequest): number {
  const divides = (mebibytes: number) => wouldDo(request, mebibytes * MiB);
  let enough = Math.ceil(request.limitBytes / MiB);
  let tooSmall = enough - 1;
  while (!divides(enough)) [tooSmall, enough] = [enough, 2 * enough];
  while (enough - tooSmall > 1) {
    const middle = Math.floor((tooSmall + enough) / 2);
    if (divides(middle)) enough = middle;
    else tooSmall = middle;
  }
  return enough * MiB;
}

/** Whether such a limit divides, with an engine that is made for it. */
function wouldDo(request: MemoryPlanRequest, limitBytes: number): boolean {
  const share = writerShareBytes(limitBytes, request.threads);
  const engineLimitBytes = Math.floor(engineShareBytes(share) / PAGE_BYTES) * PAGE_BYTES;
  return divide({ ...request, engineLimitBytes }, share) !== null;
}

function divide(request: MemoryPlanRequest, limitBytes: number): MemoryPlan | null {
  const parts = planParts(request, limitBytes);
  const fixed = ENGINE_FIXED_BYTES + ENGINE_LEAF_BYTES * request.leafColumns;
  const engineBytes = Math.min(
    limitBytes - parts.totalBytes - SOURCE_BYTES,
    engineShareBytes(limitBytes),
    request.engineLimitBytes ?? limitBytes,
  );
  const readerShare = readerShareBytes(limitBytes);
  const reading = Math.min(request.sourceEngineBytes ?? 0, readerShare);
  const batchBytes = Math.min((request.sourceBatchRows ?? 0) * request.rowBytes, readerShare / 4);
  // A reader of text has the next batch in the making when it gives one.
  const batches = reading > 0 ? batchBytes : 2 * batchBytes;
  // A quarter at least: the gaps between pages of every size.
  const left = engineBytes - fixed - reading - Math.floor(Math.max(batches, reading / 4));
  // Rows are held once while they wait; while a row group is encoded, its columns go one by one and its compressed
  // pages come: a row group's worth beside the buffer. The rest is the batch in hand and fragmentation.
  // Larger row groups gain nothing but a larger process. Those of many partitions are small, and each has its cost: more
  // rows wait for them, and beside them only those that are routed.
  const bufferedRowBytes = Math.floor(
    request.partitioned ? Math.min((3 * left) / 5, limitBytes / 4) : Math.min(left / 2, limitBytes / 6),
  );
  if (bufferedRowBytes < Math.max(MIN_ROW_SHARE, 16 * request.rowBytes)) return null;
  const threadBytes = THREAD_FIXED_BYTES + ENGINE_LEAF_BYTES * request.leafColumns + (3 * bufferedRowBytes) / 2;
  if (request.threads !== undefined && threadBytes > threadEngineBytes(limitBytes)) return null;
  const stepBytes = Math.floor(bufferedRowBytes / 8);
  const sliceBytes = SLICE_BYTES + SLICE_LEAF_BYTES * request.leafColumns;
  return {
    limitBytes,
    engineBytes,
    roomBytes: left,
    bufferedRowBytes,
    sliceBytes,
    mostSlices: Math.max(1, Math.floor(bufferedRowBytes / 2 / sliceBytes)),
    stepBytes,
    routeBytes: request.partitioned ? Math.floor(bufferedRowBytes / 4) : stepBytes,
    rowGroupBytes: Math.min(bufferedRowBytes - stepBytes, Math.floor((2 * left) / 5)),
    footerBytes: Math.floor(left / 4),
    partSizeBytes: parts.partSizeBytes,
    partsInFlight: parts.inFlight,
    pendingBytes: parts.pendingBytes,
    sourceBytes: SOURCE_BYTES,
  };
}

function planParts(
  { capabilities, partitioned, targetFileSizeBytes }: MemoryPlanRequest,
  limitBytes: number,
): { partSizeBytes: number; inFlight: number; pendingBytes: number; totalBytes: number } {
  const share = Math.floor(limitBytes / 3);
  const { multipart } = capabilities;
  if (multipart === null) {
    // Bytes go out as they come; what is held is the row group just encoded.
    return { partSizeBytes: 1 * MiB, inFlight: 1, pendingBytes: share - MiB, totalBytes: share };
  }
  const smallest = Math.max(multipart.minPartBytes, Math.min(DEFAULT_MIN_PART, USUAL_PART));
  // A file may pass its target by one row group before it is cut: twice the target always fits.
  const needed = Math.ceil((2 * targetFileSizeBytes) / multipart.maxParts / MiB) * MiB;
  // Many open files share what is pending: a partitioned write sends small parts and few at once.
  const wished = partitioned ? smallest : Math.min(USUAL_PART, Math.floor(share / 4 / MiB) * MiB);
  const partSizeBytes = Math.max(smallest, wished, needed);
  const mostInFlight = partitioned ? 2 : MOST_PARTS_IN_FLIGHT;
  const inFlight = Math.max(1, Math.min(mostInFlight, Math.floor(share / partSizeBytes) - 1));
  const pendingBytes = partitioned ? Math.max(partSizeBytes, share - inFlight * partSizeBytes) : partSizeBytes;
  return { partSizeBytes, inFlight, pendingBytes, totalBytes: inFlight * partSizeBytes + pendingBytes };
}
