/** Browsers: encoding threads are Web Workers, by a URL that bundlers rewrite. */
import type { SpawnThread } from '../threads/protocol.ts';
import { threadOf } from './web-worker.ts';

export const spawnThread: SpawnThread =
  typeof Worker === 'undefined'
    ? null
    : (events) => threadOf(new Worker(new URL('./encode-thread.web.js', import.meta.url), { type: 'module' }), events);
