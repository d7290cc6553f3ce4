/** The isolate's shared engine. */
import { defaultMemoryLimitBytes, engineSource } from '#load-engine';
import { IcestreamError } from '../errors.ts';
import { type OptionNames, requireKnownOptions } from '../util/known-options.ts';
import type { Engine } from './engine.ts';
import { createEngine } from './wasm/engine.ts';
import { compileModule, type EngineModuleSource } from './wasm/module.ts';

/** The load that was begun last, and the one that succeeded last. */
let modulePromise: Promise<WebAssembly.Module> | null = null;
let loaded: Promise<WebAssembly.Module> | null = null;
let shared: { readonly engine: Engine; readonly module: WebAssembly.Module } | null = null;

/** A load that fails leaves what was there before it. */
function load(source: () => EngineModuleSource | Promise<EngineModuleSource>): Promise<WebAssembly.Module> {
  const pending = Promise.resolve().then(source).then(compileModule);
  modulePromise = pending;
  pending.then(
    () => {
      if (modulePromise === pending) loaded = pending;
    },
    () => {
      if (modulePromise === pending) modulePromise = loaded;
    },
  );
  return pending;
}

/**
 * Says where the engine's wasm (the package's `icestream/icestream.wasm`, or `icestream/icestream-append.wasm`, which
 * is smaller and cannot read Parquet) comes from, where the runtime's own way does not fit: a bundler that emits no
 * asset, a CDN, bytes at hand. Call it before the first read or write: what begins meanwhile waits for it. Of two calls
 * the later one counts; engines that exist stay as they are. When it fails, all is as before.
 * @throws IcestreamError UNAVAILABLE (a URL that cannot be fetched, an answer that is no success), INVALID_RESPONSE (an
 * answer that is no wasm), INVALID_ARGUMENT (bytes that are none, or another value), UNSUPPORTED (the runtime compiles
 * none: Workers take only a WebAssembly.Module), ENGINE_FAILED (the wasm of another version).
 */
export async function init(source: EngineModuleSource | Promise<EngineModuleSource>): Promise<void> {
  await load(() => source);
}

/** The engine's compiled module. It is compiled once; a failed load is tried again by the next call. */
export function engineModule(): Promise<WebAssembly.Module> {
  return modulePromise ?? load(ownSource);
}

/** The runtime's own way, which a bundle may have lost. */
async function ownSource(): Promise<EngineModuleSource> {
  try {
    return await engineSource();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IcestreamError(
      'UNAVAILABLE',
      `the engine's wasm is not where it is looked for (${reason}); in a bundle, have it within (icestream/inline) or say with init() where it is`,
      { cause },
    );
  }
}

export interface GetEngineOptions {
  /** Most bytes of wasm memory. Default: the runtime's (64 MiB in Workers, 256 MiB elsewhere). */
  readonly memoryLimitBytes?: number;
}

const ENGINE_OPTIONS: OptionNames<GetEngineOptions> = { memoryLimitBytes: true };

/**
 * The isolate's shared engine, made at the first call. It is replaced after a trap, after `init`, and by a call that
 * asks for more memory than it may take; whoever holds the old one keeps it.
 * @throws IcestreamError MEMORY_LIMIT_TOO_SMALL below what the least work takes (6 MiB); as `init` where its wasm cannot be had.
 */
export async function getEngine(options: GetEngineOptions = {}): Promise<Engine> {
  requireKnownOptions('getEngine', options, ENGINE_OPTIONS);
  const module = await engineModule();
  const limit = options.memoryLimitBytes;
  const fits =
    shared?.module === module &&
    shared.engine.alive &&
    (limit === undefined || limit - (limit % 65_536) <= shared.engine.maxMemoryBytes);
  if (shared === null || !fits) {
    shared = { engine: createEngine(module, limit ?? defaultMemoryLimitBytes), module };
  }
  return shared.engine;
}

/**
 * An engine of one's own, beside the shared one: for tests, and for work whose memory must be bounded by itself.
 * @throws IcestreamError as `getEngine`.
 */
export async function newEngine(options: GetEngineOptions = {}): Promise<Engine> {
  requireKnownOptions('newEngine', options, ENGINE_OPTIONS);
  return createEngine(await engineModule(), options.memoryLimitBytes ?? defaultMemoryLimitBytes);
}
