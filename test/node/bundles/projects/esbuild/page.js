import { roundTrip } from '../round-trip.js';

globalThis.answer = roundTrip();
