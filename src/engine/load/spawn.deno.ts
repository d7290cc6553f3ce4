/** Deno: encoding threads are Web Workers. */
import type { SpawnThread } from '../threads/protocol.ts';
import { threadOf } from './web-worker.ts';

/** The source runs as it stands, too. */
const entry = import.meta.url.endsWith('.ts') ? './encode-thread.web.ts' : './encode-thread.web.js';

export const spawnThread: SpawnThread = (events) =>
  threadOf(new Worker(new URL(entry, import.meta.url), { type: 'module' }), events);
