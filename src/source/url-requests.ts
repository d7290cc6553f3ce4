/** Requests for the bytes behind a URL. `input-url.ts` imports them when they are read. */
import type { RangeReader } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { parseRetryAfterMs, retry } from '../util/retry.ts';
import type { World } from '../util/world.ts';
import { passingChunks } from './input-stream.ts';

export interface UrlRequestsOptions {
  /** For messages. */
  readonly name: string;
  readonly url: URL;
  readonly world: World;
  readonly headers: Readonly<Record<string, string>>;
}

export class UrlRequests {
  readonly #options: UrlRequestsOptions;

  constructor(options: UrlRequestsOptions) {
    this.#options = options;
  }

  /** The body, and its length where the server says it. */
  async stream(signal?: AbortSignal) {
    const response = await this.#send(null, signal);
    const sizeBytes = response.body === null ? null : contentLength(response);
    return { sizeBytes, chunks: this.#chunks(response, sizeBytes, signal) };
  }

  async *#chunks(
    response: Response,
    expected: number | null,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Bytes, void, undefined> {
    const { body } = response;
    if (body === null) return;
    let received = 0;
    for await (const chunk of passingChunks(body, signal)) {
      received += chunk.length;
      yield chunk;
    }
    if (expected !== null && received !== expected) {
      throw this.#error(`the server promised ${expected} bytes and sent ${received}; the file is cut off`, response);
    }
  }

  /** Null: the server gives none. */
  async ranges(signal?: AbortSignal): Promise<RangeReader | null> {
    const response = await this.#send('bytes=0-0', signal);
    await response.body?.cancel().catch(() => {});
    const total = response.status === 206 ? totalOf(response) : null;
    if (total === null) return null;
    const version = validator(response);
    return { sizeBytes: total, read: (start, end, readSignal) => this.#range(start, end, version, readSignal) };
  }

  async #range(start: number, end: number, version: string | null, signal?: AbortSignal): Promise<Bytes> {
    return retry(
      async () => {
        const response = await this.#once(`bytes=${start}-${end - 1}`, signal);
        if (response.status !== 206) throw this.#error('the server stopped answering ranged requests', response);
        if (validator(response) !== version) throw this.#error('the file changed while it was read', response);
        const bytes = new Uint8Array(await response.arrayBuffer());
        if (bytes.length === end - start) return bytes;
        throw this.#error(`${end - start} bytes were asked for and ${bytes.length} came`, response, true);
      },
      { world: this.#options.world, decide: retryable, ...(signal === undefined ? {} : { signal }) },
    );
  }

  #send(range: string | null, signal: AbortSignal | undefined): Promise<Response> {
    return retry(() => this.#once(range, signal), {
      world: this.#options.world,
      decide: retryable,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** One request; any answer but success is an error. */
  async #once(range: string | null, signal: AbortSignal | undefined): Promise<Response> {
    const headers = new Headers(this.#options.headers);
    if (range !== null) headers.set('range', range);
    let response: Response;
    try {
      response = await this.#options.world.fetch(
        new Request(this.#options.url, signal === undefined ? { headers } : { headers, signal }),
      );
    } catch (error) {
      signal?.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      throw new IcestreamError(
        'SOURCE_UNREADABLE',
        `${this.#options.name}: the request failed: ${reason} (in a browser: the server must allow this page by CORS)`,
        { file: this.#options.name, cause: error, retryable: true },
      );
    }
    if (response.ok) return response;
    // An empty file has no first byte.
    if (response.status === 416 && range === 'bytes=0-0') return response;
    await response.body?.cancel().catch(() => {});
    const hint = HINTS.get(response.status) ?? '';
    const transient = response.status === 429 || response.status >= 500;
    throw this.#error(`the server answered ${response.status}${hint}`, response, transient);
  }

  #error(message: string, response: Response, transient = false): IcestreamError {
    const afterMs = parseRetryAfterMs(response.headers.get('retry-after'), this.#options.world.now());
    return new IcestreamError('SOURCE_UNREADABLE', `${this.#options.name}: ${message}`, {
      file: this.#options.name,
      status: response.status,
      retryable: transient,
      ...(afterMs === null ? {} : { cause: { afterMs } }),
    });
  }
}

const HINTS: ReadonlyMap<number, string> = new Map([
  [401, ': give credentials in headers'],
  [403, ': access denied, or a signed URL that has expired'],
  [404, ': there is no such file'],
  [410, ': the file is gone'],
]);

function retryable(error: unknown): { retry: false } | { retry: true; afterMs: number | null } {
  if (!(error instanceof IcestreamError) || !error.retryable) return { retry: false };
  const { cause } = error;
  const wait = typeof cause === 'object' && cause !== null && 'afterMs' in cause ? cause.afterMs : null;
  return { retry: true, afterMs: typeof wait === 'number' ? wait : null };
}

/** The body's length; null when the server compressed it on the way (`fetch` has undone that). */
function contentLength(response: Response): number | null {
  if ((response.headers.get('content-encoding') ?? 'identity') !== 'identity') return null;
  const text = response.headers.get('content-length');
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

function totalOf(response: Response): number | null {
  const match = /^bytes \d+-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  return match === null ? null : Number(match[1]);
}

/** What changes when the file does, if the server says. */
function validator(response: Response): string | null {
  return response.headers.get('etag') ?? response.headers.get('last-modified');
}
