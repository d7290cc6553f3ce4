/** Encodes the row groups of one write on threads that it has for itself until `close`. */
import { IcestreamError } from '../../errors.ts';
import type { EncodedPart, EncoderOptions } from '../encoder.ts';
import type { Batch } from '../engine.ts';
import { batchesToParts } from '../wasm/batch.ts';
import type { Member } from './member.ts';
import type { EncodedRows, EncodeRequest } from './protocol.ts';
import { type SpareBuffers, sharedMemory } from './spare-buffers.ts';

export interface EncodePoolOptions {
  /** The most threads. */
  readonly count: number;
  /** The threads outlive the write, and their memory is not of its limit. */
  readonly owned: boolean;
  readonly options: EncoderOptions;
  /** The next thread, started if it is not yet; called `count` times at most, when rows come for it. */
  readonly nextMember: () => Member;
  readonly spare: SpareBuffers;
  /** What its caller can do about what a thread says. */
  readonly explained: (error: unknown) => unknown;
  /** The write is over on all threads it had. */
  readonly onClose: () => Promise<void>;
}

/** Parts of a row group for each thread: they differ in what they cost, and who is done first takes one more. */
const PARTS_A_THREAD = 4;
/** Less is not worth the cut: calls and messages would cost as much as the wait for one thread. */
const LEAST_PART_BYTES = 512 * 1024;

interface Job {
  /** In the order they came. */
  readonly number: number;
  readonly rowBytes: number;
  readonly request: EncodeRequest;
  readonly resolve: (parts: readonly EncodedPart[]) => void;
  readonly reject: (error: unknown) => void;
}

export class EncodePool implements AsyncDisposable {
  readonly threads: number;
  readonly owned: boolean;
  readonly #options: EncodePoolOptions;
  /** What each thread does, and what it has there to go on with: it need not wait until it is heard. */
  readonly #jobs = new Map<Member, Job[]>();
  #count = 0;
  #failure: { readonly error: unknown } | null = null;

  constructor(options: EncodePoolOptions) {
    this.threads = options.count;
    this.owned = options.owned;
    this.#options = options;
  }

  /** Wasm memory of the threads' engines, as far as they have said, rows on their way there, and spare buffers. */
  get heldBytes(): number {
    let sum = this.#options.spare.bytes;
    for (const member of this.#jobs.keys()) sum += member.memoryBytes;
    for (const { rowBytes } of this.#unfinished()) sum += rowBytes;
    return sum;
  }

  /**
   * Encodes the rows of `batches` as one row group, whose parts are given in the columns' order; consumes them before it
   * returns. Row groups come in any order.
   */
  encode(batches: readonly Batch[]): Promise<readonly EncodedPart[]> {
    const { parts, bytes: rows } = batchesToParts(batches, {
      most: sharedMemory && this.threads > 1 ? this.threads * PARTS_A_THREAD : 1,
      leastBytes: LEAST_PART_BYTES,
      allocate: (bytes) => this.#options.spare.take(bytes),
    });
    const encoded = new Promise<readonly EncodedPart[]>((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure.error);
      // What takes longest first: the last one begun is the one to wait for.
      const largestFirst = parts.toSorted((a, b) => b.end - b.start - (a.end - a.start));
      const begun = parts.length > 1 ? new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) : null;
      const request = { rows, parts: largestFirst, begun };
      void this.#run({ number: this.#count++, rowBytes: rows.length, request, resolve, reject });
    });
    encoded.catch(() => {}); // thrown by who waits for it
    return encoded;
  }

  /** Ends the write on the threads; row groups still in the works are rejected. */
  async close(): Promise<void> {
    this.#fail(new IcestreamError('ABORTED', 'the write ended before its row groups were encoded'));
    if (this.owned) {
      // Answered after what they still encode. A thread that is gone has nothing to end.
      await Promise.all([...this.#jobs.keys()].map((member) => member.begin(null).catch(() => {})));
    }
    await this.#options.onClose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #unfinished(): Set<Job> {
    return new Set([...this.#jobs.values()].flat());
  }

  /** So many at most: idle ones, the next ones, then those that have least to do and are likely to be done first. */
  #members(most: number): Member[] {
    const jobsOf = (member: Member) => this.#jobs.get(member) ?? [];
    const first = (member: Member) => jobsOf(member)[0]?.number ?? 0;
    const before = (a: Member, b: Member) => jobsOf(a).length - jobsOf(b).length || first(a) - first(b);
    let idle = [...this.#jobs.values()].filter((jobs) => jobs.length === 0).length;
    for (; idle < most && this.#jobs.size < this.threads; idle++) this.#start();
    return [...this.#jobs.keys()].sort(before).slice(0, most);
  }

  #start(): void {
    const { nextMember, options } = this.#options;
    const member = nextMember();
    this.#jobs.set(member, []);
    member.begin(options).catch((error) => this.#fail(error));
  }

  /** A row group is for as many threads as it has parts, so that none is idle while there is one to begin. */
  async #run(job: Job): Promise<void> {
    const { rows, parts } = job.request;
    try {
      const encoded = await Promise.all(this.#members(parts.length).map((member) => this.#encode(member, job)));
      const [own] = encoded.flatMap(({ buffer }) => buffer ?? []);
      this.#options.spare.give(own ?? rows.buffer);
      job.resolve(encoded.flatMap(({ parts }) => parts).sort((a, b) => a.firstColumn - b.firstColumn));
    } catch (error) {
      job.reject(this.#fail(error));
    }
  }

  async #encode(member: Member, job: Job): Promise<EncodedRows> {
    const jobs = this.#jobs.get(member);
    jobs?.push(job);
    try {
      return await member.encode(job.request);
    } finally {
      jobs?.splice(jobs.indexOf(job), 1);
    }
  }

  /** The first failure is that of all jobs from then on: no further part of them is begun. */
  #fail(cause: unknown): unknown {
    this.#failure ??= { error: this.#options.explained(cause) };
    const { error } = this.#failure;
    for (const { request, reject } of this.#unfinished()) {
      if (request.begun !== null) Atomics.store(request.begun, 0, request.parts.length);
      reject(error);
    }
    return error;
  }
}
