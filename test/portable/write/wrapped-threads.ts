/** Encoding threads that a test looks into. */
import { spawnThread } from '#spawn-thread';
import type { ArrowSchema } from '../../../src/engine/arrow-schema.ts';
import { engineModule } from '../../../src/engine/default-engine.ts';
import type { EncodeThread, SpawnThread, ThreadEvents } from '../../../src/engine/threads/protocol.ts';
import { EncodeThreads } from '../../../src/engine/threads/threads.ts';

export interface WrappedThreadsOptions {
  readonly count: number;
  readonly shareBytes: number;
  /** Makes a thread with `real`; `thread` counts them from 0. */
  readonly wrap: (real: NonNullable<SpawnThread>, events: ThreadEvents, thread: number) => EncodeThread;
}

/** None is started yet. */
export async function wrappedThreads({ count, shareBytes, wrap }: WrappedThreadsOptions): Promise<EncodeThreads> {
  if (spawnThread === null) throw new Error('no threads here');
  const real = spawnThread;
  let number = 0;
  const spawn = (events: ThreadEvents) => wrap(real, events, number++);
  return new EncodeThreads({ spawn, module: await engineModule(), count, shareBytes });
}

export function withIds({ fields }: ArrowSchema): ArrowSchema {
  return { fields: fields.map((field, index) => ({ ...field, fieldId: index + 1 })) };
}
