/** A client that sends requests to an S3 app as they come over the wire: with host and length, the body in pieces. */
import type { Hono } from 'hono';
import type { IncomingRequest } from '../../src/server/s3/request.ts';
import type { Bytes } from '../../src/util/bytes.ts';

/** `fetch` of a World, answered by `app`. */
export function wireTo(app: Hono, pieceBytes = 100_000): (request: Request) => Promise<Response> {
  return async (request) => {
    const headers = new Headers(request.headers);
    const body = new Uint8Array(await request.arrayBuffer());
    headers.set('host', new URL(request.url).host);
    const { method, url, signal } = request;
    if (method === 'GET' || method === 'HEAD') return app.fetch(new Request(url, { method, headers, signal }));
    headers.set('content-length', String(body.length));
    const init = { method, headers, signal, body: streamed(body, pieceBytes), duplex: 'half' };
    return app.fetch(new Request(url, init as RequestInit));
  };
}

/** A body in pieces, and an error where `breaksAt` says that the connection is lost. */
export function streamed(bytes: Bytes, pieceBytes: number, breaksAt = Number.POSITIVE_INFINITY): ReadableStream<Bytes> {
  let at = 0;
  return new ReadableStream<Bytes>({
    pull: (controller) => {
      if (at >= breaksAt) return controller.error(new Error('the connection was lost'));
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + pieceBytes));
      at += pieceBytes;
    },
  });
}

/** With headers that a browser's `Request` may not have. */
export function wireRequest(
  url: string,
  { method = 'GET', headers = {}, body = null }: Partial<Omit<IncomingRequest, 'headers'>> & { headers?: HeadersInit },
): IncomingRequest {
  return { method, url: new URL(url).href, headers: new Headers(headers), body };
}
