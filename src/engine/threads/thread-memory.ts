/** The share of wasm memory in what a thread holds; the rest is for rows and row groups on their way to it and back. */
export function threadEngineBytes(shareBytes: number): number {
  return Math.floor((3 * shareBytes) / 4);
}
