/** Threads that encode the row groups of one write. They start when rows come for them, and end with `close`. */
import { IcestreamError } from '../../errors.ts';
import { bytesIn } from '../../util/encoding.ts';
import type { EncodedPart, EncoderOptions } from '../encoder.ts';
import type { Batch } from '../engine.ts';
import { buffersOf, type EncodeAnswer, type EncodeThread, type SpawnThread, transferred } from './protocol.ts';
import { SpareBuffers } from './spare-buffers.ts';

export interface EncodePoolOptions {
  readonly spawn: NonNullable<SpawnThread>;
  /** The most threads. */
  readonly threads: number;
  readonly module: WebAssembly.Module;
  /** The most wasm memory of each thread's engine. */
  readonly engineBytes: number;
  readonly options: EncoderOptions;
}

interface Job {
  readonly streams: readonly Uint8Array[];
  readonly streamBytes: number;
  readonly resolve: (part: EncodedPart) => void;
  readonly reject: (error: unknown) => void;
}

interface Member {
  readonly thread: EncodeThread;
  job: Job | null;
  memoryBytes: number;
}

export class EncodePool implements AsyncDisposable {
  readonly threads: number;
  readonly #options: EncodePoolOptions;
  readonly #members: Member[] = [];
  readonly #waiting: Job[] = [];
  readonly #spare = new SpareBuffers();
  #failure: { readonly error: unknown } | null = null;

  constructor(options: EncodePoolOptions) {
    this.threads = options.threads;
    this.#options = options;
  }

  /** Wasm memory of the threads' engines, as far as they have said, rows on their way there, and spare buffers. */
  get heldBytes(): number {
    const jobs = [...this.#members.flatMap(({ job }) => job ?? []), ...this.#waiting];
    const engines = this.#members.reduce((sum, member) => sum + member.memoryBytes, 0);
    return jobs.reduce((sum, job) => sum + job.streamBytes, engines + this.#spare.bytes);
  }

  /** Encodes the rows of `batches` as one row group; consumes them before it returns. Parts come in any order. */
  encode(batches: readonly Batch[]): Promise<EncodedPart> {
    const streams = this.#intoIpc(batches);
    const part = new Promise<EncodedPart>((resolve, reject) => {
      this.#waiting.push({ streams, streamBytes: bytesIn(streams), resolve, reject });
    });
    part.catch(() => {}); // thrown by who waits for it
    if (this.#failure === null) this.#assign();
    else this.#fail(this.#failure.error);
    return part;
  }

  /** Ends the threads; row groups still in the works are rejected. */
  async close(): Promise<void> {
    this.#fail(new IcestreamError('ABORTED', 'the write ended before its row groups were encoded'));
    await Promise.all(this.#members.splice(0).map(({ thread }) => thread.terminate()));
    this.#spare.leave();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Each batch is freed as soon as it is copied: rows are not held twice. */
  #intoIpc(batches: readonly Batch[]): Uint8Array[] {
    try {
      return batches.map((batch) => {
        const stream = batch.toIpc((bytes) => this.#spare.take(bytes));
        batch.free();
        return stream;
      });
    } finally {
      for (const batch of batches) batch.free();
    }
  }

  /** Gives waiting jobs to idle threads, in order. */
  #assign(): void {
    while (this.#waiting.length > 0) {
      const member = this.#members.find(({ job }) => job === null) ?? this.#start();
      if (member === null) return;
      const job = this.#waiting.shift() ?? null;
      member.job = job;
      if (job !== null) member.thread.post({ streams: job.streams }, transferred(job.streams));
    }
  }

  #start(): Member | null {
    const { spawn, module, engineBytes, options } = this.#options;
    if (this.#members.length === this.threads) return null;
    const thread = spawn({
      onAnswer: (answer) => this.#take(member, answer),
      onGone: (error) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#fail(new IcestreamError('ENGINE_FAILED', `an encoding thread stopped: ${reason}`, { cause: error }));
      },
    });
    const member: Member = { thread, job: null, memoryBytes: 0 };
    this.#members.push(member);
    thread.post({ module, engineBytes, options }, []);
    return member;
  }

  #take(member: Member, answer: EncodeAnswer): void {
    const { job } = member;
    member.job = null;
    if (this.#failure !== null) return;
    if ('error' in answer) {
      const { code, message, place } = answer.error;
      const error = new IcestreamError(code, message, place);
      job?.reject(error);
      this.#fail(error);
      return;
    }
    member.memoryBytes = answer.memoryBytes;
    const shared = buffersOf(job?.streams ?? []).filter((buffer) => !(buffer instanceof ArrayBuffer));
    this.#spare.give([...shared, ...answer.buffers]);
    job?.resolve(answer.part);
    this.#assign();
  }

  /** The first failure is that of all jobs from then on. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    const jobs = [...this.#members.map(({ job }) => job), ...this.#waiting.splice(0)];
    for (const member of this.#members) member.job = null;
    for (const job of jobs) job?.reject(this.#failure.error);
  }
}
