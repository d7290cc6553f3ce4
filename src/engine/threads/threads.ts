/** Threads with an engine each that encode for writes: for one, or for one after the other. */
import { IcestreamError } from '../../errors.ts';
import { threadEngineBytes } from '../../util/memory-budget.ts';
import type { EncoderOptions } from '../encoder.ts';
import { Member } from './member.ts';
import { EncodePool } from './pool.ts';
import type { SpawnThread } from './protocol.ts';
import { SpareBuffers } from './spare-buffers.ts';
import { orThreadsTooSmall } from './too-small.ts';

export interface EncodeThreadsOptions {
  readonly spawn: NonNullable<SpawnThread>;
  readonly module: WebAssembly.Module;
  /** How many. */
  readonly count: number;
  /** What each may hold. */
  readonly shareBytes: number;
}

/**
 * Threads that outlive writes (`startEncodeThreads`): give them to `threads` of a write's options. They stay, with the
 * memory of their engines, until `close`.
 */
export class EncodeThreads implements AsyncDisposable {
  /** How many. */
  readonly count: number;
  /** What each may hold, in bytes: its engine, and rows on their way to it and back. A write may plan with as much. */
  readonly shareBytes: number;
  readonly #options: EncodeThreadsOptions;
  readonly #members: Member[] = [];
  readonly #spare = new SpareBuffers();
  #lent = false;
  #closed = false;

  /** Use `startEncodeThreads`: here, a thread starts when it is first needed. */
  constructor(options: EncodeThreadsOptions) {
    this.count = options.count;
    this.shareBytes = options.shareBytes;
    this.#options = options;
  }

  /** False once no write can have them: they are closed, or the engine of one has failed or was out of memory. */
  get alive(): boolean {
    return !this.#closed && this.#members.every(({ failure }) => failure === null);
  }

  /** Wasm memory of their engines as they said last, and the buffers that wait for rows. */
  get memoryBytes(): number {
    return this.#members.reduce((sum, member) => sum + member.memoryBytes, this.#spare.bytes);
  }

  /** Bytes that are allocated in their engines, as they said last: between writes always about the same. */
  get liveBytes(): number {
    return this.#members.reduce((sum, member) => sum + member.liveBytes, 0);
  }

  /** Starts all of them; settles when their engines are there. */
  async start(): Promise<void> {
    try {
      await Promise.all(Array.from({ length: this.count }, (_, index) => this.#member(index).ready));
    } catch (error) {
      throw this.#explained(error, true);
    }
  }

  /**
   * All of them for one write, until its pool is closed; `last`: they are closed with it. Writes call this.
   * @throws IcestreamError INVALID_ARGUMENT when they are closed or another write has them, ENGINE_FAILED when one of
   * them failed.
   */
  lend(options: EncoderOptions, { last = false }: { readonly last?: boolean } = {}): EncodePool {
    this.#requireUsable();
    this.#lent = true;
    let next = 0;
    return new EncodePool({
      count: this.count,
      owned: !last,
      options,
      nextMember: () => this.#member(next++),
      spare: this.#spare,
      explained: (error) => this.#explained(error, !last),
      onClose: async () => {
        this.#lent = false;
        if (last) await this.close();
      },
    });
  }

  /** Ends the threads; a write that has them fails with ABORTED. A second call does nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#members.splice(0).map((member) => member.end()));
    this.#spare.leave();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #member(index: number): Member {
    if (this.#closed) {
      throw new IcestreamError('ABORTED', 'the encoding threads were closed before all rows had come to them');
    }
    const { spawn, module, shareBytes } = this.#options;
    const member = this.#members[index] ?? new Member(spawn, { module, engineBytes: threadEngineBytes(shareBytes) });
    this.#members[index] = member;
    return member;
  }

  #explained(error: unknown, owned: boolean): unknown {
    return orThreadsTooSmall(error, { count: this.count, shareBytes: this.shareBytes, owned });
  }

  #requireUsable(): void {
    const option = 'threads';
    if (this.#closed) {
      throw new IcestreamError('INVALID_ARGUMENT', 'these threads are closed; start others', { option });
    }
    for (const { failure } of this.#members) {
      if (failure === null) continue;
      const message = `one of these threads failed in an earlier write; close them and start others (${failure.message})`;
      throw new IcestreamError('ENGINE_FAILED', message, { option, cause: failure });
    }
    if (this.#lent) {
      const message = 'these threads encode for another write; wait until it is done, or start others for this one';
      throw new IcestreamError('INVALID_ARGUMENT', message, { option });
    }
  }
}
