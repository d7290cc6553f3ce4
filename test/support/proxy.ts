/**
 * A loopback proxy in front of a real REST catalog, for what the catalogs at hand do not do: verify who asks, vend
 * credentials that expire, lose answers, answer with errors and pages. It records every request.
 */
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { SimpleAnswer, TokenIssuer } from './token-issuer.ts';
import { type SigV4Keys, sigV4Fault, type WireRequest } from './verify-sigv4.ts';

/** What happens to one request. */
export type Fault =
  /** The catalog never sees it, and the connection breaks. */
  | { readonly kind: 'lose-request' }
  /** The catalog does it, and the connection breaks. */
  | { readonly kind: 'lose-answer' }
  /** The catalog never sees it. */
  | ({ readonly kind: 'answer-instead' } & SimpleAnswer)
  /** The catalog does it, and the client is told something else. */
  | ({ readonly kind: 'answer-after' } & SimpleAnswer);

export interface ProxyOptions {
  /** The catalog's base address. */
  readonly target: string;
  /** Serves `/v1/oauth/tokens` and demands its tokens everywhere else. */
  readonly tokens?: TokenIssuer;
  /** Demands signatures. */
  readonly sigv4?: SigV4Keys;
  /** Replaces the catalog's answer to a request; null: passes it on. */
  readonly answer?: (request: WireRequest) => SimpleAnswer | null;
  /** Changes what the catalog answered with a 2xx; null: leaves it. */
  readonly rewrite?: (request: WireRequest, body: Record<string, unknown>) => Record<string, unknown> | null;
  /** Added to this machine's time in `Date` and when signatures are checked. */
  readonly clockOffsetMs?: number;
}

export interface CatalogProxy {
  readonly uri: string;
  readonly requests: readonly WireRequest[];
  /** The next request for which `matches` holds meets `fault`. */
  next(matches: (request: WireRequest) => boolean, fault: Fault): void;
  /** Requests that match, so far. */
  count(matches: (request: WireRequest) => boolean): number;
  close(): Promise<void>;
}

export const isCommit = ({ method, target }: WireRequest): boolean =>
  method === 'POST' && /\/tables\/[^/?]+$/.test(target);

export async function startProxy(options: ProxyOptions): Promise<CatalogProxy> {
  const requests: WireRequest[] = [];
  const faults: Array<{ matches: (request: WireRequest) => boolean; fault: Fault }> = [];
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    requests.push(request);
    const own = ownAnswer(request, options);
    if (own !== null) return send(outgoing, own, options.clockOffsetMs ?? 0);
    const index = faults.findIndex(({ matches }) => matches(request));
    const fault = index === -1 ? null : (faults.splice(index, 1)[0]?.fault ?? null);
    if (fault?.kind === 'lose-request') return void outgoing.destroy();
    if (fault?.kind === 'answer-instead') return send(outgoing, fault, 0);
    const answer = options.answer?.(request) ?? (await forward(request, options));
    if (fault?.kind === 'lose-answer') return void outgoing.destroy();
    send(outgoing, fault?.kind === 'answer-after' ? fault : answer, 0);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const { pathname } = new URL(options.target);
  return {
    uri: `http://127.0.0.1:${address.port}${pathname.replace(/\/$/, '')}`,
    requests,
    next: (matches, fault) => faults.push({ matches, fault }),
    count: (matches) => requests.filter(matches).length,
    close: () => close(server),
  };
}

/** What the proxy says by itself: tokens, and refusals of who does not prove who they are. */
function ownAnswer(request: WireRequest, { tokens, sigv4, clockOffsetMs = 0 }: ProxyOptions): SimpleAnswer | null {
  const authorization = request.headers.get('authorization');
  if (tokens !== undefined) {
    if (request.target.endsWith('/v1/oauth/tokens')) return tokens.answer(Buffer.from(request.body).toString());
    if (!tokens.accepts(authorization)) {
      return errorAnswer(tokens.options.refusal ?? 401, 'NotAuthorizedException', `refused ${authorization}`);
    }
  }
  if (sigv4 !== undefined) {
    const fault = sigV4Fault(request, sigv4, Date.now() + clockOffsetMs);
    if (fault !== null) return { status: 403, body: JSON.stringify({ Message: `${fault}; got ${authorization}` }) };
  }
  return null;
}

export function errorAnswer(status: number, type: string, message: string): SimpleAnswer {
  return { status, body: JSON.stringify({ error: { code: status, type, message } }) };
}

async function readRequest(incoming: IncomingMessage): Promise<WireRequest> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]);
  return {
    method: incoming.method ?? '',
    target: incoming.url ?? '',
    headers: new Map(headers),
    body: Buffer.concat(chunks),
  };
}

/** Over a plain socket, so that the path arrives as the client wrote it. */
async function forward(request: WireRequest, { target, rewrite }: ProxyOptions): Promise<SimpleAnswer> {
  const { hostname, port } = new URL(target);
  const headers = Object.fromEntries(
    [...request.headers].filter(([name]) => !/^(host|connection|accept-encoding)$/.test(name)),
  );
  const answer = await new Promise<SimpleAnswer>((resolve, reject) => {
    const outgoing = httpRequest(
      { hostname, port, method: request.method, path: request.target, headers },
      (incoming) => {
        const chunks: Uint8Array[] = [];
        incoming.on('data', (chunk) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const { etag, 'content-type': type = 'application/json' } = incoming.headers;
          resolve({
            status: incoming.statusCode ?? 500,
            body: Buffer.concat(chunks).toString(),
            headers: { 'content-type': type, ...(etag === undefined ? {} : { etag }) },
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(request.body);
  });
  if (rewrite === undefined || answer.status >= 300 || !answer.body.startsWith('{')) return answer;
  // Numbers of this size are not in what tests rewrite, so the plain parser will do.
  const changed = rewrite(request, JSON.parse(answer.body));
  return changed === null ? answer : { ...answer, body: JSON.stringify(changed) };
}

function send(outgoing: ServerResponse, { status, body, headers }: SimpleAnswer, clockOffsetMs: number): void {
  outgoing.writeHead(status, {
    'content-type': body.startsWith('<') ? 'text/html' : 'application/json',
    date: new Date(Date.now() + clockOffsetMs).toUTCString(),
    ...headers,
  });
  outgoing.end(status === 204 || status === 304 ? undefined : body);
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
