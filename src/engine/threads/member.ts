/** One encoding thread as the others of its program ask it. */
import { IcestreamError } from '../../errors.ts';
import type { EncoderOptions } from '../encoder.ts';
import {
  type EncodedRows,
  type EncodeRequest,
  type EncodeThread,
  ownBuffer,
  type Setup,
  type SpawnThread,
  type ThreadAnswer,
  type ThreadRequest,
} from './protocol.ts';

interface Asked {
  readonly resolve: (encoded: EncodedRows | null) => void;
  readonly reject: (error: unknown) => void;
}

export class Member {
  /** Of its engine, as it said last. */
  memoryBytes = 0;
  liveBytes = 0;
  /** Settles with the engine: made, or why not. */
  readonly ready: Promise<void>;
  readonly #thread: EncodeThread;
  readonly #asked: Asked[] = [];
  #failure: IcestreamError | null = null;

  constructor(spawn: NonNullable<SpawnThread>, setup: Setup) {
    this.#thread = spawn({
      onAnswer: (answer) => this.#take(answer),
      onGone: (error) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#fail(new IcestreamError('ENGINE_FAILED', `an encoding thread stopped: ${reason}`, { cause: error }));
      },
    });
    this.ready = this.#ask(setup).then(() => {});
    this.ready.catch((error) => this.#fail(error)); // thrown by who waits for it, and by each further request
  }

  /** Null: it can be asked. */
  get failure(): IcestreamError | null {
    return this.#failure;
  }

  /** Before the rows of a write; null: after its last. */
  async begin(options: EncoderOptions | null): Promise<void> {
    await this.#ask({ options });
  }

  async encode(request: EncodeRequest): Promise<EncodedRows> {
    const own = ownBuffer(request.rows);
    const encoded = await this.#ask(request, own === null ? [] : [own]);
    if (encoded === null) throw new IcestreamError('ENGINE_FAILED', 'an encoding thread gave nothing for its rows');
    return encoded;
  }

  /** Ends the thread; what was asked and not answered is rejected. */
  async end(): Promise<void> {
    this.#fail(
      new IcestreamError('ABORTED', 'the encoding threads were closed before they had encoded their row groups'),
    );
    await this.#thread.terminate();
  }

  #ask(request: ThreadRequest, transfer: ArrayBuffer[] = []): Promise<EncodedRows | null> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#thread.post(request, transfer);
    });
  }

  #take({ engine, encoded, error }: ThreadAnswer): void {
    const asked = this.#asked.shift();
    this.memoryBytes = engine?.memoryBytes ?? 0;
    this.liveBytes = engine?.liveBytes ?? 0;
    if (error === null) {
      asked?.resolve(encoded);
      return;
    }
    const failure = new IcestreamError(error.code, error.message, error.place);
    asked?.reject(failure);
    if (engine?.alive === false) this.#fail(failure);
  }

  #fail(failure: IcestreamError): void {
    this.#failure ??= failure;
    for (const asked of this.#asked.splice(0)) asked.reject(this.#failure);
  }
}
