import { readFile } from 'node:fs/promises';
import { init } from 'icestream';
import { roundTrip } from '../round-trip.js';

await init(await readFile(new URL(import.meta.resolve('icestream/icestream.wasm'))));
console.log(JSON.stringify(await roundTrip()));
