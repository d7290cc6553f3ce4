/** Browsers and Deno: the wasm file by its URL, which bundlers rewrite. */
export const defaultMemoryLimitBytes = 256 * 1024 * 1024;

export const engineSource = () => new URL('../../../wasm/prebuilt/icestream.wasm', import.meta.url);
