/** OAuth2 client credentials (RFC 6749 section 4.4), the way REST catalogs take them. */
import { IcestreamError } from '../../../errors.ts';
import { abortable } from '../../../util/abortable.ts';
import { type AuthContext, type Refusal, type RestAuth, withHeader } from './auth.ts';
import { requestToken, type TokenRequestOptions } from './oauth2-token.ts';

export interface OAuth2Options extends TokenRequestOptions {
  /** A token is replaced this long before it expires, in ms, but never before half its life. Default 5 minutes. */
  readonly refreshBeforeMs?: number;
}

interface Token {
  readonly value: string;
  readonly refreshAtMs: number;
}

/**
 * Gets a token with a client id and secret, replaces it before it expires and after a 401 or 419. However many
 * requests need a token at once, one is asked for.
 * @throws IcestreamError INVALID_ARGUMENT without a client secret.
 */
export function oauth2(options: OAuth2Options): RestAuth {
  if (!options.clientSecret) {
    throw new IcestreamError('INVALID_ARGUMENT', 'OAuth2 needs a client secret: give clientId and clientSecret', {
      option: 'clientSecret',
    });
  }
  return new OAuth2(options);
}

/** Splits PyIceberg's `credential`: `id:secret`, or a secret alone. */
export function parseClientCredential(text: string): { clientId?: string; clientSecret: string } {
  const colon = text.indexOf(':');
  if (colon === -1) return { clientSecret: text };
  return { clientId: text.slice(0, colon), clientSecret: text.slice(colon + 1) };
}

class OAuth2 implements RestAuth {
  readonly kind = 'oauth2';
  readonly advice = 'check the client id, the secret and the scope';
  readonly #options: OAuth2Options;
  #token: Token | null = null;
  #pending: Promise<Token> | null = null;

  constructor(options: OAuth2Options) {
    this.#options = options;
  }

  async authorize(request: Parameters<RestAuth['authorize']>[0], context: AuthContext) {
    if (this.#token === null || context.world.now() >= this.#token.refreshAtMs) await this.#replace(context);
    return withHeader(request, 'authorization', `Bearer ${this.#token?.value ?? ''}`);
  }

  async renew({ status, request }: Refusal, context: AuthContext): Promise<boolean> {
    if (status === 403) return false;
    // Another request may have replaced the token while this one was under way: then sending again is enough.
    const isCurrent = request.headers.get('authorization') === `Bearer ${this.#token?.value}`;
    if (isCurrent) {
      this.#token = null;
      await this.#replace(context);
    }
    return true;
  }

  /** One request for a token at a time; a caller that gives up does not end it for the others. */
  async #replace(context: AuthContext): Promise<void> {
    this.#pending ??= this.#fetch(context).finally(() => {
      this.#pending = null;
    });
    await abortable(this.#pending, context.signal);
  }

  async #fetch({ world, secrets, catalogUri }: AuthContext): Promise<Token> {
    const issued = await requestToken(this.#options, { world, secrets, catalogUri });
    const life = issued.expiresInMs;
    const before = life === null ? 0 : Math.min(this.#options.refreshBeforeMs ?? 300_000, life / 2);
    const refreshAtMs = life === null ? Number.POSITIVE_INFINITY : world.now() + life - before;
    this.#token = { value: issued.accessToken, refreshAtMs };
    return this.#token;
  }
}
