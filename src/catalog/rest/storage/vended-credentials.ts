/** Storage credentials that a catalog vends for one table, and their renewal. */
import { IcestreamError } from '../../../errors.ts';
import type { S3Credentials, S3CredentialsProvider } from '../../../storage/s3/credentials.ts';
import { isWithin, splitLocation } from '../../../util/location.ts';
import type { World } from '../../../util/world.ts';
import type { StorageCredential } from '../load-result.ts';
import type { Secrets } from '../scrub.ts';

/** Renewed this long before they expire. */
const RENEW_BEFORE_MS = 5 * 60_000;
/** After a renewal that failed, or gave credentials about to expire as well, the next one waits. */
const RENEW_PAUSE_MS = 30_000;

/** The keys in a credential's configuration; null when it has none for S3. */
export function s3CredentialsOf(config: ReadonlyMap<string, string>): S3Credentials | null {
  const accessKeyId = config.get('s3.access-key-id');
  const secretAccessKey = config.get('s3.secret-access-key');
  if (!accessKeyId || !secretAccessKey) return null;
  const sessionToken = config.get('s3.session-token');
  const expires = Number(config.get('s3.session-token-expires-at-ms') ?? Number.NaN);
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken ? { sessionToken } : {}),
    ...(Number.isFinite(expires) ? { expiresAtMs: expires } : {}),
  };
}

/**
 * The credential for `location`: that with the longest prefix, on path boundaries (`s3://b/foo` is no prefix of
 * `s3://b/foobar`). `s3`, `s3a` and `s3n` are one scheme; a prefix may be a scheme alone.
 */
export function selectCredential<C extends { readonly prefix: string }>(
  credentials: readonly C[],
  location: string,
): C | null {
  const wanted = oneScheme(location);
  let best: C | null = null;
  for (const credential of credentials) {
    const prefix = oneScheme(credential.prefix);
    const matches = /^[a-z][a-z0-9+.-]*(:\/*)?$/i.test(prefix)
      ? splitLocation(wanted).scheme === prefix.replace(/:\/*$/, '').toLowerCase()
      : isWithin(wanted, prefix);
    if (matches && (best === null || prefix.length > oneScheme(best.prefix).length)) best = credential;
  }
  return best;
}

export interface VendedCredentialsOptions {
  readonly first: readonly StorageCredential[];
  /** Asks the catalog for new ones. */
  readonly renew: () => Promise<readonly StorageCredential[]>;
  readonly world: World;
  readonly secrets: Secrets;
  /** The table, for messages. */
  readonly shown: string;
}

export class VendedCredentials {
  readonly #options: VendedCredentialsOptions;
  #current: ReadonlyArray<{ readonly prefix: string; readonly keys: S3Credentials }> = [];
  #pending: Promise<void> | null = null;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(options: VendedCredentialsOptions) {
    this.#options = options;
    this.#learn(options.first);
  }

  /**
   * Credentials for one location, for a store that keeps them and asks again when they are about to expire or were
   * refused. One renewal at a time; while the old ones still hold, one that fails is tried again later.
   * @throws IcestreamError FORBIDDEN when the catalog vends none for the location; what the renewal failed with once
   * the old ones have expired.
   */
  provider(location: string): S3CredentialsProvider {
    let given: S3Credentials | null = null;
    return async () => {
      const isAskedAgain = given !== null && given === this.#find(location);
      given = await this.#get(location, isAskedAgain);
      return given;
    };
  }

  async #get(location: string, isAskedAgain: boolean): Promise<S3Credentials> {
    const { world } = this.#options;
    const before = this.#find(location);
    const left = (before?.expiresAtMs ?? Number.POSITIVE_INFINITY) - world.now();
    const isFresh = left > RENEW_BEFORE_MS && !isAskedAgain;
    if (before !== null && (isFresh || (left > 0 && world.now() < this.#notBeforeMs))) return before;
    try {
      this.#pending ??= this.#renew().finally(() => {
        this.#pending = null;
      });
      await this.#pending;
    } catch (error) {
      if (before !== null && left > 0) return before;
      throw error;
    }
    const after = this.#find(location);
    if (after !== null) return after;
    throw new IcestreamError(
      'FORBIDDEN',
      `the catalog vends no storage credentials for ${location} of table ${this.#options.shown}; ask for access, or give storage credentials of your own`,
      { table: this.#options.shown },
    );
  }

  async #renew(): Promise<void> {
    this.#notBeforeMs = this.#options.world.now() + RENEW_PAUSE_MS;
    const renewed = await this.#options.renew();
    if (renewed.length > 0) this.#learn(renewed);
  }

  #find(location: string): S3Credentials | null {
    return selectCredential(this.#current, location)?.keys ?? null;
  }

  #learn(credentials: readonly StorageCredential[]): void {
    this.#current = credentials.flatMap(({ prefix, config }) => {
      const keys = s3CredentialsOf(config);
      this.#options.secrets.add(keys?.secretAccessKey, keys?.sessionToken);
      return keys === null ? [] : [{ prefix, keys }];
    });
  }
}

function oneScheme(location: string): string {
  return location.replace(/^s3[an](?=:|$)/i, 's3');
}
