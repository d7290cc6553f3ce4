/** Node and Bun: encoding threads are worker threads. */
import { Worker } from 'node:worker_threads';
import type { SpawnThread, ThreadAnswer } from '../threads/protocol.ts';

/** The source runs as it stands, too. */
const entry = import.meta.url.endsWith('.ts') ? './encode-thread.node.ts' : './encode-thread.node.js';

export const spawnThread: SpawnThread = ({ onAnswer, onGone }) => {
  // What the process preloads is of no use there.
  const worker = new Worker(new URL(entry, import.meta.url), { execArgv: [] });
  let told = false;
  worker.on('message', (answer: ThreadAnswer) => onAnswer(answer));
  worker.on('messageerror', onGone);
  worker.on('error', onGone);
  worker.on('exit', (code) => {
    if (!told) onGone(new Error(`it ended with code ${code}`));
  });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    terminate: async () => {
      told = true;
      await worker.terminate();
    },
  };
};
