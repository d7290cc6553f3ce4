/** An encoding thread that is a Web Worker. */
import type { EncodeThread, ThreadAnswer, ThreadEvents } from '../threads/protocol.ts';

export function threadOf(worker: Worker, { onAnswer, onGone }: ThreadEvents): EncodeThread {
  worker.onmessage = ({ data }: MessageEvent<ThreadAnswer>) => onAnswer(data);
  worker.onmessageerror = () => onGone(new Error('a message could not be read'));
  worker.onerror = (event) => {
    event.preventDefault();
    onGone(new Error(event.message || 'its module could not be loaded (Vite and webpack emit it); leave threads at 1'));
  };
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    terminate: async () => worker.terminate(),
  };
}
