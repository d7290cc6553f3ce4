/** Bytes that may be handed to `fetch`, `crypto` and wasm: never backed by shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>;
