declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

/** Written by `wasm/inline.mjs`. */
declare module '*.inline.js' {
  const deflatedBase64: string;
  export default deflatedBase64;
}
