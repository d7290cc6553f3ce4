/** Whom the gateway knows: fixed pairs of keys, and temporary ones that a catalog vends for one prefix. */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { fromBase64, toBase64, toHex, utf8 } from '../../util/encoding.ts';
import { type OptionNames, requireKnownOptions, requireOneOf } from '../../util/known-options.ts';
import { sameSecret } from '../constant-time.ts';

/** What credentials may be used for. */
export interface S3Scope {
  /** Keys that begin with it; a folder ends with a slash. Empty: all. */
  readonly prefix: string;
  readonly mode: 'read' | 'read-write';
}

export interface S3Grant {
  /** The secret access key. */
  readonly secret: string;
  /** Default: the whole bucket, reading and writing. */
  readonly scope?: S3Scope;
  /** Milliseconds since the epoch. Default: never. */
  readonly expiresAtMs?: number;
}

/** The grant of an access key id, with the session token that came with it; null: unknown, or the token is not right. */
export type S3CredentialsLookup = (
  accessKeyId: string,
  sessionToken: string | null,
) => Promise<S3Grant | null> | S3Grant | null;

const MODES = ['read', 'read-write'] as const;

const SCOPE: OptionNames<S3Scope> = { prefix: true, mode: true };

const GRANT: OptionNames<S3Grant> = { secret: true, scope: true, expiresAtMs: true };

/**
 * Looks up fixed pairs: secrets (or grants) by access key id.
 * @throws TypeError for what no grant has, or that cannot be: one whose bounds are misspelt would have none.
 */
export function staticCredentials(pairs: Readonly<Record<string, string | S3Grant>>): S3CredentialsLookup {
  const grants = new Map(Object.entries(pairs));
  for (const [id, grant] of grants) {
    if (typeof grant === 'string') continue;
    requireKnownOptions(`the grant of ${JSON.stringify(id)}`, grant, GRANT);
    const { scope, expiresAtMs } = grant;
    if (scope !== undefined) {
      requireKnownOptions(`the scope of ${JSON.stringify(id)}`, scope, SCOPE);
      requireOneOf('mode', scope.mode, MODES);
    }
    if (expiresAtMs !== undefined && !Number.isSafeInteger(expiresAtMs)) {
      throw new TypeError(`expiresAtMs must be whole milliseconds, in the grant of ${JSON.stringify(id)}`);
    }
  }
  return (accessKeyId, sessionToken) => {
    const grant = sessionToken === null ? grants.get(accessKeyId) : undefined;
    return grant === undefined ? null : typeof grant === 'string' ? { secret: grant } : grant;
  };
}

export interface VendedCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
}

export interface VendOptions extends S3Scope {
  /** The bucket they are for. */
  readonly bucket: string;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

const VEND: OptionNames<VendOptions> = { bucket: true, ...SCOPE, expiresAtMs: true };

/**
 * Temporary credentials that nobody has to remember: the session token says what they are for and is signed with
 * `secret` (32 characters or more), and the other two are derived from it. The same options give the same credentials.
 *
 * @throws TypeError for an option that there is not, or that cannot be, and for a prefix that is not empty and does not end with a slash:
 * `tables/a` would hold `tables/ab` too.
 */
export function vendCredentials(secret: string, options: VendOptions): VendedCredentials {
  requireKnownOptions('vendCredentials', options, VEND);
  const { bucket, prefix, mode, expiresAtMs } = options;
  checkSecret(secret);
  requireOneOf('mode', mode, MODES);
  if (prefix !== '' && !prefix.endsWith('/')) throw new TypeError('`prefix` must end with a slash');
  if (!Number.isSafeInteger(expiresAtMs)) throw new TypeError('`expiresAtMs` must be whole milliseconds');
  const claims = toBase64(utf8(JSON.stringify({ bucket, prefix, mode, expiresAtMs })));
  return {
    ...derived(secret, claims),
    sessionToken: `${claims}.${derive(secret, 'token', claims)}`,
    expiresAtMs,
  };
}

/**
 * Looks up what {@link vendCredentials} made with the same secret for `bucket`. When they expired is told by the grant:
 * the gateway says so only to who can sign with them.
 */
export function vendedCredentials(secret: string, bucket: string): S3CredentialsLookup {
  checkSecret(secret);
  return async (accessKeyId, sessionToken) => {
    const [claims = '', mac = ''] = sessionToken?.split('.') ?? [];
    if (sessionToken !== `${claims}.${mac}` || !(await sameSecret(mac, derive(secret, 'token', claims)))) return null;
    // It is our own: what it says needs no further check.
    const read = JSON.parse(new TextDecoder().decode(fromBase64(claims))) as VendOptions;
    const { accessKeyId: id, secretAccessKey } = derived(secret, claims);
    if (read.bucket !== bucket || id !== accessKeyId) return null;
    const { prefix, mode, expiresAtMs } = read;
    return { secret: secretAccessKey, scope: { prefix, mode }, expiresAtMs };
  };
}

/** Asks one after the other. */
export function anyCredentials(...lookups: readonly S3CredentialsLookup[]): S3CredentialsLookup {
  return async (accessKeyId, sessionToken) => {
    for (const lookup of lookups) {
      const grant = await lookup(accessKeyId, sessionToken);
      if (grant !== null) return grant;
    }
    return null;
  };
}

function derived(secret: string, claims: string) {
  const id = toHex(hmac(sha256, utf8(secret), utf8(`icestream s3 id\n${claims}`)).subarray(0, 8));
  return { accessKeyId: `ICE${id.toUpperCase()}`, secretAccessKey: derive(secret, 'secret', claims) };
}

/** One secret for each purpose. */
function derive(secret: string, purpose: 'token' | 'secret', claims: string): string {
  return toBase64(Uint8Array.from(hmac(sha256, utf8(secret), utf8(`icestream s3 ${purpose}\n${claims}`))));
}

function checkSecret(secret: string): void {
  if (secret.length < 32)
    throw new TypeError('the secret that credentials are vended with needs 32 characters or more');
}
