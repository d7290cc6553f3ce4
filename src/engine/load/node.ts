/** Node and Bun: the wasm file beside the package, read from disk. */
import { readFile } from 'node:fs/promises';

export const defaultMemoryLimitBytes = 256 * 1024 * 1024;

export const engineSource = () => readFile(new URL('../../../wasm/prebuilt/icestream.wasm', import.meta.url));
