import { init } from 'icestream';
import wasm from 'icestream/icestream.wasm';
import { roundTrip } from '../round-trip.js';

globalThis.answer = init(new URL(wasm, import.meta.url)).then(async () => [
  await roundTrip(),
  await roundTrip({ threads: 2 }).catch((error) => error.message),
]);
