/** One request to an OAuth2 token endpoint. */
import { IcestreamError } from '../../../errors.ts';
import { checkSecureUrl } from '../origin.ts';
import { isRedirect, readText } from '../response.ts';
import type { AuthContext } from './auth.ts';

export interface TokenRequestOptions {
  readonly clientId?: string;
  readonly clientSecret: string;
  /** Where tokens are issued. Default: `<catalog uri>/v1/oauth/tokens`, which the REST spec deprecates. */
  readonly tokenEndpoint?: string;
  /** Default `catalog`. */
  readonly scope?: string;
  readonly audience?: string;
  readonly resource?: string;
  /** `body` (default, what catalogs expect) or `basic` (RFC 6749 section 2.3.1). */
  readonly clientAuthentication?: 'body' | 'basic';
  /** How long one request may take, in ms. Default 30,000. */
  readonly timeoutMs?: number;
}

export interface IssuedToken {
  readonly accessToken: string;
  /** Null when the endpoint does not say: used until it is refused. */
  readonly expiresInMs: number | null;
}

const MAX_TOKEN_BYTES = 1 << 20;

/**
 * Asks for a token.
 * @throws IcestreamError UNAUTHENTICATED (400, 401, 403 of the endpoint), UNAVAILABLE (5xx, network),
 * INVALID_RESPONSE; the client secret is in none of them.
 */
export async function requestToken(options: TokenRequestOptions, context: AuthContext): Promise<IssuedToken> {
  const { world, secrets, catalogUri } = context;
  const url = checkSecureUrl(options.tokenEndpoint ?? `${catalogUri}/v1/oauth/tokens`, 'tokenEndpoint');
  secrets.add(options.clientSecret);
  const place = `the OAuth2 token endpoint ${url.origin}${url.pathname}`;
  const controller = new AbortController();
  const timeout = new AbortController();
  world.sleep(options.timeoutMs ?? 30_000, timeout.signal).then(
    () => controller.abort(new Error('timed out')),
    () => undefined,
  );
  try {
    const response = await world.fetch(tokenRequest(url, options, secrets, controller.signal));
    if (isRedirect(response)) {
      throw new IcestreamError('INVALID_RESPONSE', `${place} answered with a redirect, which is not followed`);
    }
    const text = await readText(response, MAX_TOKEN_BYTES);
    if (!response.ok) throw refusedToken(place, response.status, secrets.scrub(oauthError(text)));
    return parseToken(text, place, secrets);
  } catch (cause) {
    if (cause instanceof IcestreamError) throw cause;
    const reason = secrets.scrub(cause instanceof Error ? cause.message : String(cause));
    throw new IcestreamError('UNAVAILABLE', `${place} could not be reached (${reason}); check its address`, {
      retryable: true,
    });
  } finally {
    timeout.abort();
  }
}

function tokenRequest(url: URL, options: TokenRequestOptions, secrets: AuthContext['secrets'], signal: AbortSignal) {
  const form = new URLSearchParams({ grant_type: 'client_credentials', scope: options.scope ?? 'catalog' });
  const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' });
  if (options.clientAuthentication === 'basic') {
    const encode = (text: string) => new URLSearchParams([['', text]]).toString().slice(1);
    const pair = btoa(`${encode(options.clientId ?? '')}:${encode(options.clientSecret)}`);
    secrets.add(pair);
    headers.set('authorization', `Basic ${pair}`);
  } else {
    if (options.clientId !== undefined) form.set('client_id', options.clientId);
    form.set('client_secret', options.clientSecret);
  }
  if (options.audience !== undefined) form.set('audience', options.audience);
  if (options.resource !== undefined) form.set('resource', options.resource);
  return new Request(url, { method: 'POST', headers, body: form.toString(), redirect: 'manual', signal });
}

function refusedToken(place: string, status: number, detail: string): IcestreamError {
  const options = { status, option: 'auth' };
  if (status >= 500 || status === 429) {
    return new IcestreamError('UNAVAILABLE', `${place} answered ${status}: ${detail}; try again later`, {
      ...options,
      retryable: true,
    });
  }
  if (status === 404) {
    return new IcestreamError('INVALID_RESPONSE', `${place} does not exist (404); give tokenEndpoint`, options);
  }
  return new IcestreamError(
    'UNAUTHENTICATED',
    `${place} refused the client credentials (${status}): ${detail}; check the client id, the secret and the scope`,
    options,
  );
}

function parseToken(text: string, place: string, secrets: AuthContext['secrets']): IssuedToken {
  const body = asObject(text);
  const accessToken = body?.['access_token'];
  if (typeof accessToken !== 'string' || !/^[\x21-\x7e]+$/.test(accessToken)) {
    throw new IcestreamError('INVALID_RESPONSE', `${place} answered without a usable access_token`);
  }
  secrets.add(accessToken);
  const seconds = Number(body?.['expires_in']);
  return { accessToken, expiresInMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null };
}

/** The error of RFC 6749 section 5.2, that of the REST spec, or the start of the body. */
function oauthError(text: string): string {
  const body = asObject(text);
  const error = body?.['error'];
  if (typeof error === 'string') return `${error} ${body?.['error_description'] ?? ''}`.trim();
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return text.slice(0, 300);
}

function asObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
