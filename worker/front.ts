/** What stands before workerd on this machine, and answers what workerd does not. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

/** Of one connection each. */
const HOP_HEADERS = new Set(['connection', 'keep-alive']);

/**
 * Clients of S3 ask `Expect: 100-continue` before they send a body. workerd never answers: boto3 and PyArrow then wait a
 * second before each put, s3fs for ever. This server does, and passes everything else on as it comes.
 */
export async function startFront(port: number, targetPort: number): Promise<Server> {
  const front = createServer((incoming, outgoing) => pass(incoming, outgoing, targetPort));
  // A load takes as long as it takes, and who keeps a connection may use it again.
  Object.assign(front, { requestTimeout: 0, keepAliveTimeout: 0 });
  return new Promise((resolve, reject) => {
    front.once('error', reject);
    front.listen(port, '127.0.0.1', () => resolve(front));
  });
}

function pass(incoming: IncomingMessage, outgoing: ServerResponse, port: number): void {
  const { method, url, rawHeaders } = incoming;
  const headers = withoutHopHeaders(rawHeaders);
  const upstream = request({ host: '127.0.0.1', port, method, path: url, headers, agent: false });
  upstream.once('response', (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, withoutHopHeaders(answer.rawHeaders));
    answer.once('error', () => outgoing.destroy());
    answer.pipe(outgoing);
  });
  upstream.once('error', () => outgoing.destroy());
  // What nobody reads any more would keep the client from reading its answer.
  upstream.once('close', () => incoming.resume());
  outgoing.once('close', () => upstream.destroy());
  incoming.once('error', () => upstream.destroy());
  incoming.pipe(upstream);
}

/** Names and values in turn, as `rawHeaders` has them. */
function withoutHopHeaders(raw: readonly string[]): string[] {
  return raw.filter((_, i) => !HOP_HEADERS.has((raw[i - (i % 2)] ?? '').toLowerCase()));
}
