/** Bytes behind a URL, in ranges where the server can. */
import type { RangeReader } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { printable } from '../util/location.ts';
import { onDemand } from '../util/on-demand.ts';
import type { World } from '../util/world.ts';
import type { ByteInput } from './byte-input.ts';
import type { UrlRequests } from './url-requests.ts';

export interface UrlInputOptions {
  readonly world: World;
  readonly name?: string | undefined;
  /** Sent with every request: `authorization`, … */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** @throws IcestreamError INVALID_ARGUMENT for a scheme that `fetch` does not read, or a user name in the URL. */
export function urlInput(url: URL, options: UrlInputOptions): ByteInput {
  return new UrlInput(url, options);
}

class UrlInput implements ByteInput {
  readonly name: string;
  readonly replayable = true;
  readonly rangesAreCheap = false;
  sizeBytes: number | null = null;
  readonly #url: URL;
  readonly #world: World;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: URL, options: UrlInputOptions) {
    this.name = options.name ?? urlName(url);
    this.#url = url;
    this.#world = options.world;
    this.#headers = options.headers ?? {};
    if (!['http:', 'https:', 'blob:', 'data:'].includes(url.protocol)) {
      throw new IcestreamError(
        'INVALID_ARGUMENT',
        `${this.name}: URLs of scheme ${url.protocol} are not fetched; pass { store, location } with a store that serves it`,
        { file: this.name },
      );
    }
    if (url.username !== '' || url.password !== '') {
      throw new IcestreamError(
        'INVALID_ARGUMENT',
        `${this.name}: a URL must not carry a user name or password; pass an authorization header in headers instead`,
        { file: this.name, option: 'headers' },
      );
    }
  }

  async *stream(signal?: AbortSignal): AsyncGenerator<Bytes, void, undefined> {
    const requests = await this.#requests();
    const { chunks, sizeBytes } = await requests.stream(signal);
    this.sizeBytes = sizeBytes;
    yield* chunks;
  }

  async ranges(signal?: AbortSignal): Promise<RangeReader | null> {
    const requests = await this.#requests();
    const reader = await requests.ranges(signal);
    this.sizeBytes = reader?.sizeBytes ?? this.sizeBytes;
    return reader;
  }

  async #requests(): Promise<UrlRequests> {
    const { UrlRequests } = await onDemand(import('./url-requests.ts'));
    return new UrlRequests({ name: this.name, url: this.#url, world: this.#world, headers: this.#headers });
  }
}

/** Host and path: a query may hold a signature. */
function urlName(url: URL): string {
  if (url.protocol === 'data:' || url.protocol === 'blob:') return `${url.protocol}…`;
  return printable(`${url.protocol}//${url.host}${url.pathname}`);
}
