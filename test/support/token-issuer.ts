/** An OAuth2 token endpoint that checks what it is sent and remembers what it gave. */
import { randomBytes } from 'node:crypto';

export interface TokenIssuerOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string;
  /** In seconds. Default 3600. */
  readonly lifetimeS?: number;
  /** What a refused token is answered with. Default 401. */
  readonly refusal?: 401 | 419;
  /** Default: this machine's clock. */
  readonly now?: () => number;
}

export interface SimpleAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class TokenIssuer {
  readonly options: TokenIssuerOptions;
  /** Every token ever issued. */
  readonly issued: string[] = [];
  requests = 0;
  #valid = new Map<string, number>();

  readonly #now: () => number;

  constructor(options: TokenIssuerOptions) {
    this.options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Takes all tokens back, as an identity provider can at any time. */
  revokeAll(): void {
    this.#valid.clear();
  }

  accepts(authorization: string | undefined): boolean {
    const expiresAt = this.#valid.get(authorization?.replace(/^Bearer /, '') ?? '');
    return expiresAt !== undefined && this.#now() < expiresAt;
  }

  answer(form: string): SimpleAnswer {
    this.requests += 1;
    const sent = new URLSearchParams(form);
    const { clientId, clientSecret, scope, lifetimeS = 3600 } = this.options;
    const isRight =
      sent.get('grant_type') === 'client_credentials' &&
      sent.get('client_id') === clientId &&
      sent.get('client_secret') === clientSecret;
    // Some identity providers echo what they were sent.
    if (!isRight) return refuse(401, 'invalid_client', `client secret ${sent.get('client_secret')} is wrong`);
    if (sent.get('scope') !== scope) return refuse(400, 'invalid_scope', `scope ${sent.get('scope')}`);
    const token = `token-${randomBytes(16).toString('hex')}`;
    this.issued.push(token);
    this.#valid.set(token, this.#now() + lifetimeS * 1000);
    return { status: 200, body: JSON.stringify({ access_token: token, token_type: 'bearer', expires_in: lifetimeS }) };
  }
}

function refuse(status: number, error: string, description: string): SimpleAnswer {
  return { status, body: JSON.stringify({ error, error_description: description }) };
}
