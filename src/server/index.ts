/** `icestream/server`: apps for any runtime with `fetch`, to be mounted alone or together. */
export {};
