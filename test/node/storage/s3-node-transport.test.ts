import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { S3Store } from '../../../src/storage/s3/s3-store.ts';
import { concatBytes, utf8 } from '../../../src/util/encoding.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: Uint8Array<ArrayBuffer>) => void;

let answer: Answer = (_, response) => response.end();
let sockets = 0;
const server = createServer(async (request, response) => {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  try {
    for await (const chunk of request) chunks.push(new Uint8Array(chunk));
  } catch {
    return; // the client went away
  }
  answer(request, response, concatBytes(chunks));
});
server.on('connection', () => sockets++);

beforeEach(async () => {
  sockets = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A store on Node's own HTTP client: the world is the default one. */
function open(): S3Store {
  const { port } = server.address() as AddressInfo;
  const retry = { maxAttempts: 3, baseDelayMs: 1, maxDelayMs: 2, totalTimeoutMs: 10_000 };
  const credentials = { accessKeyId: 'id', secretAccessKey: 's' };
  return new S3Store({ endpoint: `http://127.0.0.1:${port}`, credentials, retry });
}

describe('Node’s HTTP client under the S3 store', () => {
  it('sends a view of a larger buffer, with its length, over kept connections', async () => {
    const bodies: string[] = [];
    answer = (request, response, body) => {
      bodies.push(`${request.headers['content-length']} ${new TextDecoder().decode(body)}`);
      response.end();
    };
    const store = open();
    for (let i = 0; i < 5; i++) await store.put('s3://bucket/x', utf8('0123456789').subarray(2, 5));
    expect(bodies).toEqual(Array(5).fill('3 234'));
    expect(sockets).toBe(1);
  });

  it('asks again for what was cut off', async () => {
    let asked = 0;
    answer = (request, response) => {
      const start = Number(/=(\d+)-/.exec(request.headers.range ?? '')?.[1]);
      response.writeHead(206, { 'content-range': `bytes ${start}-9/10`, 'content-length': 10 - start });
      response.write('0123456789'.slice(start, start + 4));
      if (asked++ < 2) setTimeout(() => response.destroy(), 20);
      else response.end('0123456789'.slice(start + 4));
    };
    const store = open();
    expect(new TextDecoder().decode(await store.read('s3://bucket/x'))).toBe('0123456789');
    asked = 1;
    const reader = (await store.stream('s3://bucket/x')).getReader();
    let text = '';
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      text += new TextDecoder().decode(next.value);
    }
    expect(text).toBe('0123456789');
  });

  it('ends with the reason of a signal, before, during and after the answer began', async () => {
    const store = open();
    const stop = new AbortController();
    answer = () => stop.abort(new Error('stopped'));
    await expect(store.put('s3://bucket/x', utf8('x'), { signal: stop.signal })).rejects.toThrow('stopped');

    const late = new AbortController();
    answer = (_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-9/10', 'content-length': 10 });
      response.write('0123');
    };
    const reader = (await store.stream('s3://bucket/x', 0, { signal: late.signal })).getReader();
    expect((await reader.read()).value?.length).toBe(4);
    late.abort(new Error('stopped late'));
    await expect(reader.read()).rejects.toThrow('stopped late');
  });

  it('does not follow redirects, and tells a closed port and a reset apart from an answer', async () => {
    const store = open();
    answer = (_, response) => response.writeHead(307, { location: 'http://127.0.0.1:1/x' }).end();
    await expect(store.put('s3://bucket/x', utf8('x'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    answer = (request) => request.socket.destroy();
    await expect(store.put('s3://bucket/x', utf8('x'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const closed = new S3Store({
      endpoint: 'http://127.0.0.1:1',
      retry: { maxAttempts: 1, baseDelayMs: 1, maxDelayMs: 1, totalTimeoutMs: 1 },
    });
    await expect(closed.read('s3://bucket/x')).rejects.toMatchObject({ code: 'UNAVAILABLE', message: /ECONNREFUSED/ });
  });
});
