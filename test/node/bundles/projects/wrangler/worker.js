import { roundTrip } from '../round-trip.js';

export default {
  fetch: async () => Response.json(await roundTrip()),
};
