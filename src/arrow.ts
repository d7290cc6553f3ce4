/** `icestream/arrow`: what goes between icestream and the library apache-arrow, an optional peer. */
export { recordBatches } from './scan/arrow-js.ts';
export { type ArrowInput, type ArrowSourceOptions, arrowSource } from './source/arrow-js.ts';
