/** `icestream/append/url`: as `url.ts`, with the artifact that cannot read Parquet. */
export const defaultMemoryLimitBytes: number = 256 * 1024 * 1024;

export const engineSource = (): URL => new URL('../../../wasm/prebuilt/icestream-append.wasm', import.meta.url);
