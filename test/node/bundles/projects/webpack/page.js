import { roundTrip } from '../round-trip.js';

globalThis.answer = roundTrip().then(async (one) => [one, await roundTrip({ threads: 2 })]);
