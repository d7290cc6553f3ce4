/**
 * Node's own HTTP client: it sends a part from where it lies. Measured with Node 24, 8 MiB parts, three at a time:
 * a fifth of the CPU time of `fetch` and, with reused buffers, a ninth of its memory.
 */
import { createHash } from 'node:crypto';
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Bytes } from '../../../util/bytes.ts';
import type { OutgoingRequest, S3Transport } from './transport.ts';

const http = new HttpAgent({ keepAlive: true });
const https = new HttpsAgent({ keepAlive: true });
/** As long as `fetch` in Node waits for more of a body. */
const IDLE_MS = 300_000;

export const runtimeTransport: S3Transport = (request) =>
  new Promise((resolve, reject) => {
    const { signal } = request;
    if (signal.aborted) return reject(signal.reason);
    const sent = start(request);
    const stop = () => sent.destroy(asError(signal.reason));
    signal.addEventListener('abort', stop, { once: true });
    sent.on('close', () => signal.removeEventListener('abort', stop));
    sent.setTimeout(IDLE_MS, () => sent.destroy(new Error(`nothing came for ${IDLE_MS} ms`)));
    sent.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    sent.on('response', (answer) => resolve(responseOf(answer, request)));
    sent.end(request.body ?? undefined);
  });

/** In this thread: WebCrypto's way to another and back costs half as much again, and a copy. */
export const runtimeSha256 = async (bytes: Bytes): Promise<Bytes> =>
  new Uint8Array(createHash('sha256').update(bytes).digest());

function start({ method, url, headers, body }: OutgoingRequest): ClientRequest {
  const length = body?.length ?? (method === 'PUT' || method === 'POST' ? 0 : null);
  const options = {
    method,
    headers: { ...Object.fromEntries(headers), ...(length === null ? {} : { 'content-length': String(length) }) },
  };
  return url.protocol === 'https:'
    ? httpsRequest(url, { ...options, agent: https })
    : httpRequest(url, { ...options, agent: http });
}

function responseOf(answer: IncomingMessage, { method, signal }: OutgoingRequest): Response {
  const headers = new Headers();
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2) {
    headers.append(answer.rawHeaders[i] ?? '', answer.rawHeaders[i + 1] ?? '');
  }
  const status = answer.statusCode ?? 0;
  const bodiless = method === 'HEAD' || status === 204 || status === 304;
  answer.on('error', () => {}); // whoever reads the body hears of it
  if (bodiless) answer.resume();
  return new Response(bodiless ? null : bodyOf(answer, signal), { status, headers });
}

/** Pulled chunk by chunk; an answer that ends before its length is an error. */
function bodyOf(answer: IncomingMessage, signal: AbortSignal): ReadableStream<Bytes> {
  const chunks = answer[Symbol.asyncIterator]();
  return new ReadableStream<Bytes>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await chunks.next();
          if (done) controller.close();
          else controller.enqueue(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
        } catch (error) {
          controller.error(signal.aborted ? signal.reason : error);
        }
      },
      cancel: () => {
        answer.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
