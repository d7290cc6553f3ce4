/** Node and Bun: the wasm file beside the package, read from disk. */
import { readFile } from 'node:fs/promises';

export const defaultMemoryLimitBytes = 256 * 1024 * 1024;

export async function loadEngineModule(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(new URL('../../../wasm/prebuilt/icestream.wasm', import.meta.url)));
}
