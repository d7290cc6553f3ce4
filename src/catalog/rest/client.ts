/** Sends requests to one REST catalog: authenticated, on its origin only, without following redirects. */
import { IcestreamError } from '../../errors.ts';
import { stringifyJson } from '../../util/json.ts';
import { parseRetryAfterMs, type RetryPolicy, retry } from '../../util/retry.ts';
import type { World } from '../../util/world.ts';
import type { AuthContext, OutgoingRequest, RestAuth } from './auth/auth.ts';
import { restError } from './error.ts';
import type { Exchange } from './exchange.ts';
import { isRedirect, readText } from './response.ts';
import type { Secrets } from './scrub.ts';

export interface RestCall {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** Path after the catalog's URI, percent-encoded, with its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** What is being done, for messages: `load table`. */
  readonly operation: string;
  /** The table or namespace it is done to, for messages. */
  readonly subject: string | null;
  /** Whether a second send cannot do harm. Default: GET and HEAD. */
  readonly repeatable?: boolean;
}

export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface RestClientOptions {
  /** What paths of calls are appended to; without a trailing slash. */
  readonly uri: string;
  /** The catalog's own URI: differs from `uri` for a signer elsewhere. */
  readonly catalogUri: string;
  /** For messages. */
  readonly name: string;
  readonly auth: RestAuth;
  readonly secrets: Secrets;
  readonly headers: Readonly<Record<string, string>>;
  readonly world: World;
  readonly timeoutMs: number;
  readonly retryPolicy: RetryPolicy;
}

/** The longest answer that is read, in bytes: metadata of very large tables is tens of megabytes. */
const MAX_ANSWER_BYTES = 512 << 20;
const MAX_ERROR_BYTES = 256 << 10;

export class RestClient {
  readonly options: RestClientOptions;

  constructor(options: RestClientOptions) {
    this.options = options;
  }

  /**
   * The answer to a call that succeeded; sends that can be repeated are, after network failures, 429 and 5xx.
   * @throws IcestreamError as {@link restError} maps the status; the signal's reason.
   */
  async call(call: RestCall): Promise<RestAnswer> {
    const { world, retryPolicy } = this.options;
    const repeatable = call.repeatable ?? (call.method === 'GET' || call.method === 'HEAD');
    let afterMs: number | null = null;
    return retry(
      async () => {
        const exchange = await this.exchange(call);
        if (exchange.kind === 'answer' && exchange.status >= 200 && exchange.status < 300) return exchange;
        afterMs =
          exchange.kind === 'answer' ? parseRetryAfterMs(exchange.headers.get('retry-after'), world.now()) : null;
        throw restError(exchange, { ...this.options, ...call });
      },
      {
        world,
        policy: retryPolicy,
        ...(call.signal === undefined ? {} : { signal: call.signal }),
        decide: (error) => {
          if (!(error instanceof IcestreamError) || !error.retryable) return { retry: false };
          return repeatable || error.place.status === 429 ? { retry: true, afterMs } : { retry: false };
        },
      },
    );
  }

  /**
   * One send, and one more when the credentials were refused and could be renewed: a refused request was not applied.
   * @throws IcestreamError when nothing was sent (no token, for one); the signal's reason when it fired before.
   */
  async exchange(call: RestCall): Promise<Exchange> {
    const request = this.#request(call);
    const context = this.#context(call.signal);
    call.signal?.throwIfAborted();
    const sent = await this.options.auth.authorize(request, context);
    call.signal?.throwIfAborted();
    const exchange = await this.#send(sent, call.signal);
    if (exchange.kind !== 'answer' || ![401, 403, 419].includes(exchange.status)) return exchange;
    const refusal = { status: exchange.status, headers: exchange.headers, request: sent };
    if (!(await this.options.auth.renew(refusal, context))) return exchange;
    return this.#send(await this.options.auth.authorize(request, context), call.signal);
  }

  #request(call: RestCall): OutgoingRequest {
    const headers = new Headers({ accept: 'application/json', ...this.options.headers, ...call.headers });
    const body = call.body === undefined ? null : stringifyJson(call.body);
    if (body !== null) headers.set('content-type', 'application/json');
    return { method: call.method, url: new URL(this.options.uri + call.path), headers, body };
  }

  #context(signal: AbortSignal | undefined): AuthContext {
    const { world, secrets, catalogUri } = this.options;
    return { world, secrets, catalogUri, ...(signal === undefined ? {} : { signal }) };
  }

  async #send({ url, method, headers, body }: OutgoingRequest, signal: AbortSignal | undefined): Promise<Exchange> {
    const { world, timeoutMs } = this.options;
    const timer = new AbortController();
    const timeout = new AbortController();
    world.sleep(timeoutMs, timer.signal).then(
      () => timeout.abort(new Error(`no answer within ${timeoutMs} ms`)),
      () => undefined,
    );
    const ended = signal === undefined ? timeout.signal : AbortSignal.any([signal, timeout.signal]);
    try {
      const request = new Request(url, { method, headers, body, redirect: 'manual', signal: ended });
      const response = await world.fetch(request);
      if (isRedirect(response)) return { kind: 'redirect', status: response.status };
      const limit = response.ok ? MAX_ANSWER_BYTES : MAX_ERROR_BYTES;
      const text = await readText(response, limit);
      return { kind: 'answer', status: response.status, headers: response.headers, text };
    } catch (cause) {
      return { kind: 'lost', cause: timeout.signal.aborted ? timeout.signal.reason : cause };
    } finally {
      timer.abort();
    }
  }
}
