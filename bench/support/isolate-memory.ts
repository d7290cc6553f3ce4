/** What an isolate of workerd holds, by V8's inspector. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Bytes. */
export interface IsolateMemory {
  /** The JavaScript heap (`usedSize`): live objects, and garbage that waits to be collected. */
  readonly heapBytes: number;
  /** Buffers beside it (`backingStorageSize`) and workerd's own objects (`embedderHeapUsedSize`). */
  readonly bufferBytes: number;
  /** WebAssembly memories; they are not in `backingStorageSize`. */
  readonly wasmBytes: number;
  readonly totalBytes: number;
}

export interface Watched<T> {
  readonly result: T;
  readonly peak: IsolateMemory;
  readonly samples: number;
}

interface HeapUsage {
  readonly usedSize: number;
  readonly embedderHeapUsedSize: number;
  readonly backingStorageSize: number;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly context?: { readonly id: number } };
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Between two samples; an isolate that is busy answers later. */
const SAMPLE_EVERY_MS = 20;

/**
 * A connection to the inspector that wrangler serves. An isolate answers between two of its events only, so a sample
 * sees what is kept, and garbage, while a load waits for bytes or for the bucket; wasm memories never shrink.
 */
export class IsolateInspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #context = Promise.withResolvers<number>();
  #lastId = 0;
  /** The inspector's name for a list of the wasm memories that were alive at the last `collect()`. */
  #wasmMemories: string | null = null;
  #sampling: Promise<IsolateMemory> | null = null;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data)) as Message));
    socket.addEventListener('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the inspector closed the connection'));
    });
  }

  static async connect(port: number): Promise<IsolateInspector> {
    const answer = await fetch(`http://127.0.0.1:${port}/json`);
    const [target] = (await answer.json()) as { readonly webSocketDebuggerUrl: string }[];
    if (target === undefined) throw new Error(`the inspector on port ${port} has no target`);
    // Without this origin it is refused; the option is Node's own.
    const options = { headers: { origin: 'http://localhost' } } as unknown as string[];
    const socket = new WebSocket(target.webSocketDebuggerUrl, options);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error('the inspector refused the connection')));
    });
    const inspector = new IsolateInspector(socket);
    await inspector.#call('Runtime.enable');
    return inspector;
  }

  /** Callers that ask while an answer is under way share it. */
  sample(): Promise<IsolateMemory> {
    this.#sampling ??= this.#sample().finally(() => {
      this.#sampling = null;
    });
    return this.#sampling;
  }

  /** Collects garbage, and samples. Wasm memories are counted that are alive now; later samples count the same ones. */
  async collect(): Promise<IsolateMemory> {
    const contextId = await this.#context.promise;
    const prototype = await this.#call<{ result: { objectId: string } }>('Runtime.evaluate', {
      expression: 'WebAssembly.Memory.prototype',
      contextId,
    });
    if (this.#wasmMemories !== null) await this.#call('Runtime.releaseObject', { objectId: this.#wasmMemories });
    const { objects } = await this.#call<{ objects: { objectId: string } }>('Runtime.queryObjects', {
      prototypeObjectId: prototype.result.objectId,
    });
    this.#wasmMemories = objects.objectId;
    return this.sample();
  }

  /** Samples all the time until `work` is done. */
  async watch<T>(work: () => Promise<T>): Promise<Watched<T>> {
    let peak = await this.sample();
    let samples = 1;
    let done = false;
    const watching = (async () => {
      while (!done) {
        const memory = await this.sample();
        samples += 1;
        if (memory.totalBytes > peak.totalBytes) peak = memory;
        await sleep(SAMPLE_EVERY_MS);
      }
    })();
    try {
      const [result] = await Promise.all([work().finally(() => (done = true)), watching]);
      return { result, peak, samples };
    } finally {
      done = true;
    }
  }

  close(): void {
    this.#socket.close();
  }

  async #sample(): Promise<IsolateMemory> {
    const heap = await this.#call<HeapUsage>('Runtime.getHeapUsage');
    const heapBytes = heap.usedSize;
    const bufferBytes = heap.backingStorageSize + heap.embedderHeapUsedSize;
    const wasmBytes = this.#wasmMemories === null ? 0 : await this.#wasmBytes(this.#wasmMemories);
    return { heapBytes, bufferBytes, wasmBytes, totalBytes: heapBytes + bufferBytes + wasmBytes };
  }

  async #wasmBytes(objectId: string): Promise<number> {
    const { result } = await this.#call<{ result: { value: number } }>('Runtime.callFunctionOn', {
      objectId,
      functionDeclaration: 'function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }',
      returnByValue: true,
    });
    return result.value;
  }

  #call<Result = unknown>(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Result> {
    this.#lastId += 1;
    const pending = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#lastId, pending);
    this.#socket.send(JSON.stringify({ id: this.#lastId, method, params }));
    return pending.promise as Promise<Result>;
  }

  #receive({ id, method, params, result, error }: Message): void {
    if (method === 'Runtime.executionContextCreated' && params?.context) this.#context.resolve(params.context.id);
    // What wrangler itself asks for is answered on the same connection.
    const pending = id === undefined ? undefined : this.#waiting.get(id);
    if (id === undefined || pending === undefined) return;
    this.#waiting.delete(id);
    if (error === undefined) pending.resolve(result);
    else pending.reject(new Error(error.message));
  }
}
