/** The module that an encoding thread runs in Node and Bun. */
import { parentPort } from 'node:worker_threads';
import { server } from '../threads/serve.ts';

const serve = server((message, transfer) => parentPort?.postMessage(message, transfer));
parentPort?.on('message', serve);
