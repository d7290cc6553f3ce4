/** The isolate's shared engine. */
import { defaultMemoryLimitBytes, loadEngineModule } from '#load-engine';
import { IcestreamError } from '../errors.ts';
import type { Engine } from './engine.ts';
import { createEngine } from './wasm/engine.ts';

/** What the engine's wasm may come from. */
export type EngineModuleSource = WebAssembly.Module | ArrayBuffer | ArrayBufferView<ArrayBuffer> | URL | Response;

let modulePromise: Promise<WebAssembly.Module> | null = null;
let shared: Engine | null = null;

async function compile(source: EngineModuleSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof URL) return compile(await fetch(source));
  if (source instanceof Response) {
    if (!source.ok) {
      const place = { file: source.url.split('?')[0] ?? '', status: source.status };
      throw new IcestreamError('UNAVAILABLE', `the engine's wasm was answered with HTTP ${source.status}`, place);
    }
    return WebAssembly.compile(await source.arrayBuffer());
  }
  return WebAssembly.compile(source);
}

/**
 * Says where the engine's wasm (the package's `icestream/icestream.wasm`, or `icestream/icestream-append.wasm`, which
 * is smaller and cannot read Parquet) comes from, where the runtime's own way does not fit: a bundler that emits no
 * asset, a CDN, bytes at hand. Call it before the first read or write; engines that exist stay as they are.
 * @throws IcestreamError UNAVAILABLE for an answer that is no success; WebAssembly.CompileError for other bytes.
 */
export async function init(source: EngineModuleSource | Promise<Response>): Promise<void> {
  const pending = Promise.resolve(source).then(compile);
  await pending;
  modulePromise = pending;
  shared = null;
}

/** The engine's compiled module. It is compiled once; a failed load is tried again by the next call. */
export function engineModule(): Promise<WebAssembly.Module> {
  if (modulePromise === null) {
    const pending = loadEngineModule();
    modulePromise = pending;
    pending.catch(() => {
      if (modulePromise === pending) modulePromise = null;
    });
  }
  return modulePromise;
}

export interface GetEngineOptions {
  /** Most bytes of wasm memory. Default: the runtime's (64 MiB in Workers, 256 MiB elsewhere). */
  readonly memoryLimitBytes?: number;
}

/**
 * The isolate's shared engine, made at the first call. It is replaced after a trap, and by a call that asks for more
 * memory than it may take; whoever holds the old one keeps it.
 * @throws IcestreamError MEMORY_LIMIT_TOO_SMALL below what an idle engine takes.
 */
export async function getEngine(options: GetEngineOptions = {}): Promise<Engine> {
  const module = await engineModule();
  const limit = options.memoryLimitBytes;
  if (shared === null || !shared.alive || (limit !== undefined && limit - (limit % 65_536) > shared.maxMemoryBytes)) {
    shared = createEngine(module, limit ?? defaultMemoryLimitBytes);
  }
  return shared;
}

/** An engine of one's own, beside the shared one: for tests, and for work whose memory must be bounded by itself. */
export async function newEngine(options: GetEngineOptions = {}): Promise<Engine> {
  return createEngine(await engineModule(), options.memoryLimitBytes ?? defaultMemoryLimitBytes);
}
