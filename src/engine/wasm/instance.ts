/** One wasm instance: its memory, calls, and what its failures mean. The only module that touches wasm memory. */
import { type ErrorCode, IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { copyBytes } from './copy-bytes.ts';

const PAGE_BYTES = 65_536;
/** What the module was linked with (`wasm/build.mjs`). */
const INITIAL_PAGES = 64;
/** Of an engine that has done nothing yet. */
export const IDLE_MEMORY_BYTES = INITIAL_PAGES * PAGE_BYTES;
/** Writes and reads a few rows, by any codec at its default level; measured: 5.25 MiB. */
export const LEAST_MEMORY_BYTES = 6 * 1024 * 1024;
const MOST_PAGES = 65_536;

/** Where others abort: Arrow's buffers, and zlib's state within the decoder of pages. */
const PANICS_OF_MEMORY = ['failed to allocate memory', 'MemError'];

type Call = (...args: number[]) => number;

interface WasmFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly row?: number;
  readonly line?: number;
  readonly column?: string;
  readonly neededBytes?: number;
}

/** Input of a call: bytes, in one or several pieces, become a block that the call consumes; text is UTF-8. */
export type CallInput = number | Uint8Array | readonly Uint8Array[] | string;

export class WasmInstance {
  readonly maxMemoryBytes: number;
  readonly #memory: WebAssembly.Memory;
  readonly #exports: Readonly<Record<string, Call>>;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  #failure: string | null = null;

  /** @throws IcestreamError MEMORY_LIMIT_TOO_SMALL when `maxMemoryBytes` is below what the least work takes. */
  constructor(module: WebAssembly.Module, maxMemoryBytes: number) {
    const pages = Math.min(Math.floor(maxMemoryBytes / PAGE_BYTES), MOST_PAGES);
    if (!(pages * PAGE_BYTES >= LEAST_MEMORY_BYTES)) {
      throw new IcestreamError(
        'MEMORY_LIMIT_TOO_SMALL',
        `memoryLimitBytes ${maxMemoryBytes} is too small for the engine; it needs at least ${LEAST_MEMORY_BYTES}`,
        { option: 'memoryLimitBytes', neededBytes: LEAST_MEMORY_BYTES },
      );
    }
    this.maxMemoryBytes = pages * PAGE_BYTES;
    this.#memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: pages });
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.#exports = instance.exports as unknown as Readonly<Record<string, Call>>;
    this.#raw('ics_init');
  }

  get alive(): boolean {
    return this.#failure === null;
  }

  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Size of the block that was refused last, also after a trap; 0: none was. */
  get refusedBytes(): number {
    return (this.#exports['ics_refused_bytes']?.() ?? 0) >>> 0;
  }

  get liveBytes(): number {
    return this.#raw('ics_live_bytes') >>> 0;
  }

  /** Whether the module has this export: artifacts differ in what they hold. */
  has(name: string): boolean {
    return name in this.#exports;
  }

  /**
   * Calls an export. Answers what it answers (not negative): a handle, a count or a state.
   * @throws IcestreamError what the engine reports; MEMORY_LIMIT_TOO_SMALL where it has no memory for the call, which
   * may end it (`alive`); ENGINE_FAILED for any other trap, and after one.
   */
  call(name: string, ...inputs: readonly CallInput[]): number {
    this.#requireAlive();
    const args: number[] = [];
    const blocks: Array<readonly [number, number]> = [];
    for (const input of inputs) {
      if (typeof input === 'number') {
        args.push(input);
        continue;
      }
      try {
        const bytes = typeof input === 'string' ? this.#encoder.encode(input) : input;
        const block = this.#put(bytes instanceof Uint8Array ? [bytes] : bytes);
        blocks.push(block);
        args.push(...block);
      } catch (error) {
        for (const [pointer, length] of blocks) this.free(pointer, length);
        throw error;
      }
    }
    const answer = this.#raw(name, ...args);
    if (answer < 0) throw this.#reported();
    return answer;
  }

  /** The JSON of the last answer. */
  meta(): unknown {
    return JSON.parse(this.#text('ics_meta_ptr', 'ics_meta_len'));
  }

  /** Calls an export whose answer is JSON. */
  callJson(name: string, ...inputs: readonly CallInput[]): unknown {
    this.call(name, ...inputs);
    return this.meta();
  }

  /** Calls an export that puts output and answers its number of segments; copies the output out, as one. */
  callBytes(name: string, ...inputs: readonly CallInput[]): Bytes {
    return this.takeOutput(this.call(name, ...inputs));
  }

  /** Copies out the output of the last call, which said it has `segments`, as one; to an array of `allocate`. */
  takeOutput(segments: number): Bytes;
  takeOutput<Into extends Uint8Array>(segments: number, allocate: (bytes: number) => Into): Into;
  takeOutput(segments: number, allocate: (bytes: number) => Uint8Array = (bytes) => new Uint8Array(bytes)): Uint8Array {
    const lengths = Array.from({ length: segments }, (_, i) => this.#raw('ics_out_len', i) >>> 0);
    const out = allocate(lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    for (const [i, length] of lengths.entries()) {
      copyBytes(new Uint8Array(this.#memory.buffer, this.#raw('ics_out_ptr', i) >>> 0, length), out, at);
      at += length;
    }
    this.#raw('ics_out_free');
    return out;
  }

  /** Frees a handle. Never throws; nothing is left to free after a trap. */
  drop(handle: number): void {
    if (this.alive && handle >= 0) this.#raw('ics_drop', handle);
  }

  /**
   * A block of so many bytes: where it is. A call consumes it, or `free`.
   * @throws IcestreamError MEMORY_LIMIT_TOO_SMALL
   */
  allocate(bytes: number): number {
    const pointer = this.#raw('ics_alloc', bytes) >>> 0;
    if (pointer !== 0) return pointer;
    throw new IcestreamError(
      'MEMORY_LIMIT_TOO_SMALL',
      `${bytes} bytes do not fit in the engine's memory (limit ${this.maxMemoryBytes}, in use ${this.liveBytes}); raise memoryLimitBytes or give smaller pieces`,
      { option: 'memoryLimitBytes' },
    );
  }

  /** Copies the pieces, of so many bytes together, to where the engine has room for them. */
  fill(pointer: number, bytes: number, pieces: readonly Uint8Array[]): void {
    const block = new Uint8Array(this.#memory.buffer, pointer, bytes);
    let at = 0;
    for (const piece of pieces) {
      block.set(piece, at);
      at += piece.length;
    }
  }

  /** Frees a block that no call has consumed. Never throws; nothing is left to free after a trap. */
  free(pointer: number, bytes: number): void {
    if (this.alive) this.#raw('ics_free', pointer, bytes);
  }

  #put(pieces: readonly Uint8Array[]): readonly [number, number] {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const pointer = this.allocate(length);
    this.fill(pointer, length, pieces);
    return [pointer, length];
  }

  #text(pointer: string, length: string): string {
    const start = (this.#exports[pointer]?.() ?? 0) >>> 0;
    const size = (this.#exports[length]?.() ?? 0) >>> 0;
    return this.#decoder.decode(new Uint8Array(this.#memory.buffer, start, size));
  }

  #raw(name: string, ...args: number[]): number {
    const call = this.#exports[name];
    if (call === undefined) {
      throw new IcestreamError(
        'ENGINE_FAILED',
        `the engine's wasm module has no export ${name}: it is of another version`,
      );
    }
    try {
      return call(...args);
    } catch (error) {
      const failure = this.#trapped(error);
      this.#failure = failure.message;
      throw failure;
    }
  }

  /** The panic's text, or the refused allocation, or what the runtime says. These reads allocate nothing. */
  #trapped(cause: unknown): IcestreamError {
    const stopped = (why: string) => new IcestreamError('ENGINE_FAILED', `the engine stopped: ${why}`, { cause });
    try {
      const panic = this.#text('ics_panic_ptr', 'ics_panic_len');
      const refused = this.refusedBytes;
      if (refused > 0 && (panic === '' || PANICS_OF_MEMORY.some((text) => panic.includes(text)))) {
        const line = this.#exports['text_line']?.() ?? 0;
        const at = line > 0 ? `line ${line}: ` : '';
        const message = `${at}the engine is out of memory: ${refused} bytes more were asked for than its memoryLimitBytes of ${this.maxMemoryBytes} has room for; raise it`;
        return new IcestreamError('MEMORY_LIMIT_TOO_SMALL', message, {
          option: 'memoryLimitBytes',
          ...(line > 0 ? { line } : {}),
          cause,
        });
      }
      if (panic !== '') return stopped(panic);
    } catch {
      // The trap's own message is what is left.
    }
    return stopped(cause instanceof Error ? cause.message : String(cause));
  }

  #requireAlive(): void {
    if (this.#failure !== null) {
      throw new IcestreamError(
        'ENGINE_FAILED',
        `${this.#failure} (an earlier call; this engine can no longer be used)`,
      );
    }
  }

  #reported(): IcestreamError {
    const { code, message, ...place } = this.meta() as WasmFailure;
    return new IcestreamError(code, message, place);
  }
}
