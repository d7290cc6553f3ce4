import { init } from 'icestream';
import { engineSource } from 'icestream/append/inline';
import { roundTrip } from '../round-trip.js';

init(engineSource());
globalThis.answer = roundTrip();
