/** `icestream/append/url`: as `url.ts`, with the artifact that cannot read Parquet. */
export const defaultMemoryLimitBytes: number = 256 * 1024 * 1024;

export async function loadEngineModule(): Promise<WebAssembly.Module> {
  const response = await fetch(new URL('../../../wasm/prebuilt/icestream-append.wasm', import.meta.url));
  // Servers that send another content type are no reason to fail.
  return WebAssembly.compile(await response.arrayBuffer());
}
