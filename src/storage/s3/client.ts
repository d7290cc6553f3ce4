/** Sends requests: signed when they are sent, timed, retried, errors told apart. */
import { runtimeSha256, runtimeTransport } from '#s3-transport';
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { toHex } from '../../util/encoding.ts';
import {
  defaultRetryPolicy,
  parseRetryAfterMs,
  type RetryDecision,
  type RetryPolicy,
  retry,
} from '../../util/retry.ts';
import { defaultWorld, type World } from '../../util/world.ts';
import { errorOf, networkError, neverSent, S3Error, type S3Target } from './errors.ts';
import { type Query, requestUrl } from './location.ts';
import { endpointOf, type S3Endpoint, type S3StoreOptions } from './options.ts';
import { anonymousSigner, type RequestSigner, type SignedRequest, SigV4Signer } from './signer.ts';
import { fetchTransport, type OutgoingRequest, type S3Transport } from './transport/transport.ts';

export interface S3Call {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** For messages. */
  readonly location: string;
  readonly bucket: string;
  /** Null: the bucket itself. */
  readonly key: string | null;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes;
  /** Whether a remote signer is shown the body. */
  readonly signerSeesBody?: boolean;
  /** Statuses beside 2xx that are no errors to the caller. */
  readonly expected?: readonly number[];
  readonly signal?: AbortSignal;
  /** Told when an attempt may have been carried out although it failed. */
  readonly onAmbiguous?: (() => void) | undefined;
}

/** What is known of a call while it is retried. */
export interface CallState {
  /** An earlier attempt may have been carried out although it failed. */
  readonly ambiguous: boolean;
}

interface LastAttempt {
  ambiguous: boolean;
  signed: SignedRequest | null;
  /** What was added to the clock. */
  skewMs: number;
}

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** S3 refuses requests more than 15 minutes off; smaller differences are not worth a correction. */
const SKEW_MS = 4 * 60_000;

export class S3Client {
  readonly world: World;
  readonly #endpoint: S3Endpoint;
  readonly #signer: RequestSigner;
  readonly #policy: RetryPolicy;
  readonly #transport: S3Transport;
  readonly #payload: 'signed' | 'unsigned';
  readonly attemptTimeoutMs: number;
  readonly sha256: (bytes: Bytes) => Promise<Bytes>;
  /** Added to the world's clock when signing. */
  #skewMs = 0;

  constructor(options: S3StoreOptions) {
    this.world = options.world ?? defaultWorld;
    this.#endpoint = endpointOf(options);
    const { signer, credentials } = options;
    this.#signer = signer ?? (credentials === undefined ? anonymousSigner : new SigV4Signer(credentials));
    this.#policy = options.retry ?? defaultRetryPolicy;
    const own = this.world.fetch === defaultWorld.fetch ? runtimeTransport : null;
    this.#transport = options.transport ?? own ?? fetchTransport(this.world);
    this.#payload = options.payload ?? 'signed';
    this.attemptTimeoutMs = options.attemptTimeoutMs ?? 120_000;
    this.sha256 = options.sha256 ?? runtimeSha256 ?? webSha256;
  }

  /**
   * Sends until an attempt succeeds; `handle` reads the answer inside the attempt, so that a body that breaks off is
   * asked for again. All calls are safe to repeat, in the ways their callers know.
   */
  async send<T>(call: S3Call, handle: (response: Response, state: CallState) => Promise<T>): Promise<T> {
    const state: LastAttempt = { ambiguous: false, signed: null, skewMs: 0 };
    const onAmbiguous = () => {
      state.ambiguous = true;
      call.onAmbiguous?.();
    };
    const payloadHash = await this.#hash(call.body);
    let renewed = false;
    let corrected = false;
    const decide = (error: unknown): RetryDecision => {
      if (!(error instanceof S3Error)) return { retry: error instanceof IcestreamError && error.retryable };
      if (!corrected && this.#correctClock(error, state.skewMs)) {
        corrected = true;
        return { retry: true };
      }
      if (!renewed && state.signed !== null && mayBeExpired(error) && this.#signer.refresh?.(state.signed) === true) {
        renewed = true;
        return { retry: true };
      }
      return { retry: error.retryable, afterMs: error.retryAfterMs };
    };
    return retry(
      () => this.#attempt({ ...call, onAmbiguous }, payloadHash, state, (response) => handle(response, state)),
      {
        world: this.world,
        policy: this.#policy,
        decide,
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      },
    );
  }

  async #attempt<T>(
    call: S3Call,
    payloadHash: string,
    state: LastAttempt,
    handle: (response: Response) => Promise<T>,
  ): Promise<T> {
    const url = requestUrl(this.#endpoint, call.bucket, call.key, call.query);
    const target: S3Target = { location: call.location, bucket: call.bucket, host: url.host };
    const timeout = new AbortController();
    const done = new AbortController();
    this.world.sleep(this.attemptTimeoutMs, done.signal).then(
      () => timeout.abort(),
      () => {},
    );
    const signal = call.signal === undefined ? timeout.signal : AbortSignal.any([call.signal, timeout.signal]);
    let asked = false;
    let unsure = false;
    try {
      const request = await this.#sign(call, url, payloadHash, state, signal);
      asked = unsure = true;
      const response = await this.#transport(request);
      unsure = response.ok || response.status >= 500;
      if (response.ok || call.expected?.includes(response.status)) return await handle(response);
      const body = call.method === 'HEAD' ? '' : await readText(response, MAX_ERROR_BYTES);
      const retryAfterMs = parseRetryAfterMs(response.headers.get('retry-after'), this.world.now());
      throw errorOf({ status: response.status, headers: response.headers, body, retryAfterMs }, target);
    } catch (error) {
      if (neverSent(error)) unsure = false;
      if (error instanceof S3Error ? error.ambiguous : unsure) call.onAmbiguous?.();
      call.signal?.throwIfAborted();
      if (timeout.signal.aborted)
        throw networkError(error, target, `it took longer than ${this.attemptTimeoutMs} ms`, unsure);
      if (error instanceof IcestreamError || !asked) throw error;
      throw networkError(error, target, error instanceof Error ? error.message : 'the connection failed', unsure);
    } finally {
      done.abort(null); // without a reason, one would be made, with its stack
    }
  }

  async #sign(
    call: S3Call,
    url: URL,
    payloadHash: string,
    state: LastAttempt,
    signal: AbortSignal,
  ): Promise<OutgoingRequest> {
    state.skewMs = this.#skewMs;
    state.signed = null;
    const headers = new Headers(call.headers);
    headers.set('x-amz-content-sha256', payloadHash);
    const { method, body = null } = call;
    const signed = await this.#signer.sign({
      method,
      url,
      headers,
      region: this.#endpoint.region,
      body: call.signerSeesBody && body !== null ? new TextDecoder().decode(body) : null,
      nowMs: this.world.now() + state.skewMs,
      signal,
    });
    state.signed = signed;
    return { method, url: signed.url, headers: signed.headers, body, signal };
  }

  async #hash(body: Bytes | undefined): Promise<string> {
    if (body === undefined || body.length === 0) return EMPTY_SHA256;
    return this.#payload === 'unsigned' ? 'UNSIGNED-PAYLOAD' : toHex(await this.sha256(body));
  }

  /** After a refusal by a server whose clock differs, signs by that clock. `usedMs`: what the refused one was signed by. */
  #correctClock(error: S3Error, usedMs: number): boolean {
    if (error.serverTimeMs === null || error.place.status !== 403) return false;
    const skewMs = error.serverTimeMs - this.world.now();
    if (Math.abs(skewMs - usedMs) < SKEW_MS) return false;
    this.#skewMs = skewMs;
    return true;
  }
}

async function webSha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

const MAX_ERROR_BYTES = 64 * 1024;

/** The answer's text, or its beginning. */
async function readText(response: Response, maxBytes: number): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    text += decoder.decode(next.value, { stream: true });
    size += next.value.length;
    if (size >= maxBytes) {
      await reader.cancel();
      break;
    }
  }
  return text;
}

/** A HEAD has no body to say why: there, every refusal counts. */
function mayBeExpired(error: S3Error): boolean {
  if (error.code === 'UNAUTHENTICATED') return true;
  return error.s3Code === null && (error.code === 'FORBIDDEN' || error.place.status === 400);
}
