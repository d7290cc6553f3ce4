/** Browsers and Deno: the wasm file by its URL, which bundlers rewrite. */
export const defaultMemoryLimitBytes = 256 * 1024 * 1024;

export async function loadEngineModule(): Promise<WebAssembly.Module> {
  const response = await fetch(new URL('../../../wasm/prebuilt/icestream.wasm', import.meta.url));
  // Servers that send another content type are no reason to fail.
  return WebAssembly.compile(await response.arrayBuffer());
}
