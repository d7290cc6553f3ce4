import { init } from 'icestream';
import { roundTrip } from '../round-trip.js';

// A chunk of its own, which is fetched while the page goes on.
init(import('icestream/inline').then(({ engineSource }) => engineSource()));
globalThis.answer = roundTrip();
