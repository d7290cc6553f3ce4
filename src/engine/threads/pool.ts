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
  readonly rows: Uint8Array;
  readonly rowBytes: number;
  readonly resolve: (part: EncodedPart) => void;
  readonly reject: (error: unknown) => void;
}

export class EncodePool implements AsyncDisposable {
  readonly threads: number;
  readonly owned: boolean;
  readonly #options: EncodePoolOptions;
  /** What each thread does; null: it is idle. */
  readonly #jobs = new Map<Member, Job | null>();
  readonly #waiting: Job[] = [];
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
    for (const job of [...this.#jobs.values(), ...this.#waiting]) sum += job?.rowBytes ?? 0;
    return sum;
  }

  /** Encodes the rows of `batches` as one row group; consumes them before it returns. Parts come in any order. */
  encode(batches: readonly Batch[]): Promise<EncodedPart> {
    const rows = batchesToIpc(batches, (bytes) => this.#options.spare.take(bytes));
    const part = new Promise<EncodedPart>((resolve, reject) => {
      this.#waiting.push({ rows, rowBytes: rows.length, resolve, reject });
    });
    part.catch(() => {}); // thrown by who waits for it
    if (this.#failure === null) this.#assign();
    else this.#fail(this.#failure.error);
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

  /** Gives waiting jobs to idle threads, in order. */
  #assign(): void {
    while (this.#waiting.length > 0) {
      const member = this.#idle() ?? this.#next();
      const job = member === null ? undefined : this.#waiting.shift();
      if (member === null || job === undefined) return;
      this.#jobs.set(member, job);
      void this.#run(member, job);
    }
  }

  #idle(): Member | null {
    for (const [member, job] of this.#jobs) if (job === null) return member;
    return null;
  }

  #next(): Member | null {
    const { count, nextMember, options } = this.#options;
    if (this.#jobs.size === count) return null;
    const member = nextMember();
    this.#jobs.set(member, null);
    member.begin(options).catch((error) => this.#fail(error));
    return member;
  }

  async #run(member: Member, { rows, resolve, reject }: Job): Promise<void> {
    try {
      const { part, buffer } = await member.encode(rows);
      this.#jobs.set(member, null);
      this.#options.spare.give(buffer ?? rows.buffer);
      resolve(part);
      this.#assign();
    } catch (error) {
      this.#jobs.set(member, null);
      this.#fail(error);
      reject(error);
    }
  }

  /** The first failure is that of all jobs from then on. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    for (const job of [...this.#jobs.values(), ...this.#waiting.splice(0)]) job?.reject(this.#failure.error);
  }
}
