/**
 * A loopback proxy in front of a real S3 server that passes requests on as they came (signatures hold, `Host` too),
 * until it is told to answer otherwise.
 */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface S3Request {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
}

/**
 * `silence`: no answer ever. `cut`: the connection breaks before the server sees anything. An answer: the server sees
 * nothing. Null: as usual.
 */
export type S3Fault = 'silence' | 'cut' | { readonly status: number; readonly body: string } | null;

export interface S3Proxy {
  readonly endpoint: string;
  fault: (request: S3Request) => S3Fault;
  readonly requests: readonly S3Request[];
  close(): Promise<void>;
}

export const isPart = ({ method, target }: S3Request): boolean => method === 'PUT' && target.includes('partNumber=');
export const isCreate = ({ method, target }: S3Request): boolean => method === 'POST' && /[?&]uploads/.test(target);
export const isComplete = ({ method, target }: S3Request): boolean => method === 'POST' && /\?uploadId=/.test(target);

export async function startS3Proxy(endpoint: string): Promise<S3Proxy> {
  const { hostname, port } = new URL(endpoint);
  const requests: S3Request[] = [];
  const server = createServer((incoming, outgoing) => {
    const seen = { method: incoming.method ?? '', target: incoming.url ?? '' };
    requests.push(seen);
    const fault = proxy.fault(seen);
    if (fault === 'cut') return void incoming.socket.destroy();
    if (fault === 'silence') return void incoming.resume();
    if (fault === null) return pass(incoming, outgoing);
    incoming.resume().on('end', () => {
      const type = fault.body.startsWith('<html') ? 'text/html' : 'application/xml';
      outgoing.writeHead(fault.status, { 'content-type': type }).end(fault.body);
    });
  });

  function pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method, url: path, headers } = incoming;
    const onward = httpRequest({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: S3Proxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: () => null,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
