/** Threads that encode row groups for a write, where the runtime has threads. */
import { spawnThread } from '#spawn-thread';
import { IcestreamError } from '../errors.ts';
import { engineModule } from './default-engine.ts';
import type { EncodePool, EncodePoolOptions } from './threads/pool.ts';

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
  const spawn = requireThreads();
  const { EncodePool } = await import('./threads/pool.ts');
  return new EncodePool({ ...options, spawn, module: await engineModule() });
}
