/** The module that an encoding thread runs in browsers and Deno. */
import type { ThreadRequest } from '../threads/protocol.ts';
import { server } from '../threads/serve.ts';

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;
const serve = server((message, transfer) => scope.postMessage(message, transfer));
scope.onmessage = ({ data }: MessageEvent<ThreadRequest>) => serve(data);
