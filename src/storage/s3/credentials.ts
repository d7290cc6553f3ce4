export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Milliseconds since the epoch. Without it they are kept until the store refuses them. */
  readonly expiresAtMs?: number;
}

/** Asked for credentials when there are none, shortly before they expire, and after the store refused them. */
export type S3CredentialsProvider = () => Promise<S3Credentials>;

/** New ones are asked for this long before the old expire, but not before half of their life is over. */
const REFRESH_BEFORE_MS = 5 * 60_000;

/** Keeps what a provider gave; many who ask at once cause one call. */
export class CredentialsCache {
  readonly #provider: S3CredentialsProvider | null;
  #current: S3Credentials | null;
  #refreshAtMs = Number.POSITIVE_INFINITY;
  #pending: Promise<S3Credentials> | null = null;

  constructor(source: S3Credentials | S3CredentialsProvider) {
    this.#provider = typeof source === 'function' ? source : null;
    this.#current = typeof source === 'function' ? null : source;
  }

  async get(nowMs: number): Promise<S3Credentials> {
    const current = this.#current;
    if (current !== null && (this.#provider === null || nowMs < this.#refreshAtMs)) return current;
    this.#pending ??= this.#ask(nowMs);
    return this.#pending;
  }

  /** Forgets `refused`, unless others have replaced it meanwhile; whether asking again can help. */
  forget(refused: S3Credentials | null): boolean {
    if (this.#provider === null) return false;
    if (this.#current === refused) this.#current = null;
    return true;
  }

  async #ask(nowMs: number): Promise<S3Credentials> {
    try {
      const fresh = (await this.#provider?.()) ?? this.#current;
      if (fresh === null) throw new TypeError('the credentials provider gave no credentials');
      this.#current = fresh;
      this.#refreshAtMs = refreshAt(fresh, nowMs);
      return fresh;
    } finally {
      this.#pending = null;
    }
  }
}

function refreshAt({ expiresAtMs }: S3Credentials, nowMs: number): number {
  if (expiresAtMs === undefined) return Number.POSITIVE_INFINITY;
  return expiresAtMs - Math.min(REFRESH_BEFORE_MS, Math.max(0, expiresAtMs - nowMs) / 2);
}
