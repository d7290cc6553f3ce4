/** `icestream/append/workers`: as `workerd.ts`, with the artifact that cannot read Parquet. */
import module from '../../../wasm/prebuilt/icestream-append.wasm';

export const defaultMemoryLimitBytes: number = 64 * 1024 * 1024;

export const engineSource = (): WebAssembly.Module => module;
