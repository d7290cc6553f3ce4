/** Workers: there are no threads. */
import type { SpawnThread } from '../threads/protocol.ts';

export const spawnThread: SpawnThread = null;
