/** Encodes the row groups of one write on threads that it has for itself until `close`. */
import { IcestreamError } from '../../errors.ts';
import type { EncodedPart, EncoderOptions } from '../encoder.ts';
import type { Batch } from '../engine.ts';
import { batchesToIpc } from '../wasm/batch.ts';
import type { Member } from './member.ts';
import type { SpareBuffers } from './spare-buffers.ts';

export interface EncodePoolOptions {
  /** The most threads. */
  readonly count: number;
  /** The threads outlive the write, and their memory is not of its limit. */
  readonly owned: boolean;
  readonly options: EncoderOptions;
  /** The next thread, started if it is not yet; called `count` times at most, when rows come for it. */
  readonly nextMember: () => Member;
  readonly spare: SpareBuffers;
  /** The write is over on all threads it had. */
  readonly onClose: () => Promise<void>;
}

interface Job {
  /** In the order they came. */
  readonly number: number;
  readonly rows: Uint8Array;
  readonly rowBytes: number;
  readonly resolve: (part: EncodedPart) => void;
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

  /** Encodes the rows of `batches` as one row group; consumes them before it returns. Parts come in any order. */
  encode(batches: readonly Batch[]): Promise<EncodedPart> {
    const rows = batchesToIpc(batches, (bytes) => this.#options.spare.take(bytes));
    const part = new Promise<EncodedPart>((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure.error);
      void this.#run(this.#member(), { number: this.#count++, rows, rowBytes: rows.length, resolve, reject });
    });
    part.catch(() => {}); // thrown by who waits for it
    return part;
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

  #unfinished(): Job[] {
    return [...this.#jobs.values()].flat();
  }

  /** One that is idle, or the next, or of those that have least to do the one that is likely to be done first. */
  #member(): Member {
    const jobsOf = (member: Member) => this.#jobs.get(member) ?? [];
    const first = (member: Member) => jobsOf(member)[0]?.number ?? 0;
    const before = (a: Member, b: Member) => jobsOf(a).length - jobsOf(b).length || first(a) - first(b);
    const [least] = [...this.#jobs.keys()].sort(before);
    return least !== undefined && (jobsOf(least).length === 0 || this.#jobs.size === this.threads)
      ? least
      : this.#next();
  }

  #next(): Member {
    const { nextMember, options } = this.#options;
    const member = nextMember();
    this.#jobs.set(member, []);
    member.begin(options).catch((error) => this.#fail(error));
    return member;
  }

  async #run(member: Member, job: Job): Promise<void> {
    const { rows, resolve, reject } = job;
    this.#jobs.get(member)?.push(job);
    try {
      const { part, buffer } = await member.encode(rows);
      this.#end(member, job);
      this.#options.spare.give(buffer ?? rows.buffer);
      resolve(part);
    } catch (error) {
      this.#end(member, job);
      this.#fail(error);
      reject(error);
    }
  }

  #end(member: Member, job: Job): void {
    const jobs = this.#jobs.get(member);
    jobs?.splice(jobs.indexOf(job), 1);
  }

  /** The first failure is that of all jobs from then on. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    for (const { reject } of this.#unfinished()) reject(this.#failure.error);
  }
}
