/** One request, passed on to an upstream, and its answer. */
import { isRedirect } from '../../catalog/rest/response.ts';
import { streamChunks } from '../../source/input-stream.ts';
import { defaultWorld } from '../../util/world.ts';
import { boundedBody } from '../bounded-body.ts';
import { CatalogProblem } from '../catalog/problem.ts';
import { type Deadline, deadline, endingWith } from './deadline.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import type { CatalogProxyOptions, Upstream } from './options.ts';

const DEFAULT_MAX_BODY_BYTES = 16 << 20;
const DEFAULT_TIMEOUT_MS = 120_000;

/** @throws CatalogProblem 413; 502 and 504, after which nobody knows whether the upstream did what was asked. */
export async function forward(
  request: Request,
  upstream: Upstream,
  url: URL,
  options: CatalogProxyOptions,
): Promise<Response> {
  const { maxBodyBytes = DEFAULT_MAX_BODY_BYTES, timeoutMs = DEFAULT_TIMEOUT_MS, world = defaultWorld } = options;
  const tooLarge = new CatalogProblem(413, 'BadRequestException', `a body has at most ${maxBodyBytes} bytes here`);
  if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes) throw tooLarge;
  const exchange = deadline(world, timeoutMs, request.signal);
  let overLimit = false;
  const body =
    request.body &&
    limited(request.body, maxBodyBytes, () => {
      overLimit = true;
      exchange.abort(tooLarge);
      return tooLarge;
    });
  try {
    const response = await world.fetch(
      new Request(url, {
        method: request.method,
        headers: requestHeaders(request.headers, upstream.access?.authorization),
        body,
        redirect: 'manual',
        signal: exchange.signal,
        ...(body && { duplex: 'half' }),
      } as RequestInit),
    );
    return await answerOf(response, upstream, exchange);
  } catch (cause) {
    exchange.end();
    if (overLimit) throw tooLarge;
    if (cause instanceof CatalogProblem) throw cause;
    if (exchange.isPast()) {
      throw new CatalogProblem(
        504,
        'GatewayTimeoutException',
        `the catalog took longer than ${timeoutMs} ms`,
        {},
        { cause },
      );
    }
    throw badGateway('the catalog could not be reached, or gave no answer', cause);
  }
}

async function answerOf(response: Response, { access }: Upstream, exchange: Deadline): Promise<Response> {
  const { status, headers, body } = response;
  const refused = async (message: string) => {
    exchange.end();
    await body?.cancel().catch(() => undefined);
    throw badGateway(message, new Error(`the upstream answered ${status}`));
  };
  if (isRedirect(response)) return refused('the catalog answered with a redirect, which is not followed');
  if (access !== undefined && (status === 401 || status === 419)) {
    return refused('the catalog refuses the credentials of this proxy; its operator must look at them');
  }
  if (body === null || [204, 304].includes(status)) {
    exchange.end();
    return new Response(null, { status, headers: responseHeaders(headers) });
  }
  const type = headers.get('content-type');
  // A page of an upstream's must not become one of this origin's.
  if (type !== null && !/^application\/([a-z0-9.-]+\+)?json\b/i.test(type)) {
    if (status < 400) return refused('the catalog answered with something that is not JSON');
    exchange.end();
    await body.cancel().catch(() => undefined);
    throw new CatalogProblem(
      status,
      'RESTException',
      `the catalog answered ${status}, and did not say why`,
      retryAfter(headers),
    );
  }
  return new Response(endingWith(body, exchange), { status, headers: responseHeaders(headers) });
}

function limited(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  tooLarge: () => Error,
): ReadableStream<Uint8Array> {
  const chunks = boundedBody(streamChunks(body), maxBytes, tooLarge);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}

function retryAfter(headers: Headers): Readonly<Record<string, string>> {
  const value = headers.get('retry-after');
  return value === null ? {} : { 'retry-after': value };
}

function badGateway(message: string, cause: unknown): CatalogProblem {
  return new CatalogProblem(502, 'BadGatewayException', message, {}, { cause });
}
