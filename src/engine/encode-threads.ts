/** Threads that encode row groups for a write, where the runtime has threads. */
import { spawnThread } from '#spawn-thread';
import { IcestreamError } from '../errors.ts';
import { engineModule } from './default-engine.ts';
import { EncodePool, type EncodePoolOptions } from './threads/pool.ts';

/** @throws IcestreamError UNSUPPORTED where the runtime has no threads. */
export function requireThreads(): NonNullable<typeof spawnThread> {
  if (spawnThread === null) {
    throw new IcestreamError('UNSUPPORTED', 'this runtime has no threads to encode with; leave threads at 1', {
      option: 'threads',
    });
  }
  return spawnThread;
}

/** None is started before there are rows for it. */
export async function encodeThreads(options: Omit<EncodePoolOptions, 'spawn' | 'module'>): Promise<EncodePool> {
  return new EncodePool({ ...options, spawn: requireThreads(), module: await engineModule() });
}
