import { IcestreamError } from '../../errors.ts';
import { type OptionNames, requireBooleans, requireKnownOptions, requireOneOf } from '../../util/known-options.ts';
import { scrubUrl } from '../../util/location.ts';
import type { RetryPolicy } from '../../util/retry.ts';
import type { World } from '../../util/world.ts';
import type { S3Credentials, S3CredentialsProvider } from './credentials.ts';
import type { RequestSigner } from './signer.ts';
import type { S3Transport } from './transport/transport.ts';

export interface S3StoreOptions {
  /** `https://host[:port]`, without the bucket. Default: AWS in `region`. */
  readonly endpoint?: string;
  /** Default `us-east-1`. */
  readonly region?: string;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. Default: true with an `endpoint`, false for AWS. */
  readonly pathStyle?: boolean;
  /** Default: requests are not signed (public buckets). */
  readonly credentials?: S3Credentials | S3CredentialsProvider;
  /** Signs instead of `credentials`. */
  readonly signer?: RequestSigner;
  /** Serve only these buckets. Default: all. */
  readonly buckets?: readonly string[];
  /**
   * `signed`: the server checks the SHA-256 of every body. `unsigned`: it does not, which saves the hashing; use it
   * only over HTTPS. Default `signed`.
   */
  readonly payload?: 'signed' | 'unsigned';
  readonly retry?: RetryPolicy;
  /**
   * Longest time for one attempt, its body included, in milliseconds; of a stream, for its next bytes. Default 120,000.
   */
  readonly attemptTimeoutMs?: number;
  /** Default: WebCrypto; in Node, its own. */
  readonly sha256?: (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>;
  /** Default: the world's `fetch`; in Node, where the world has the runtime's own, Node's HTTP client. */
  readonly transport?: S3Transport;
  readonly world?: World;
}

const OPTIONS: OptionNames<S3StoreOptions> = {
  endpoint: true,
  region: true,
  pathStyle: true,
  credentials: true,
  signer: true,
  buckets: true,
  payload: true,
  retry: true,
  attemptTimeoutMs: true,
  sha256: true,
  transport: true,
  world: true,
};

/** @throws TypeError for an option that there is not, or that cannot be. */
export function checkS3Options(options: S3StoreOptions): void {
  requireKnownOptions('S3Store', options, OPTIONS);
  requireBooleans({ pathStyle: options.pathStyle });
  requireOneOf('payload', options.payload, ['signed', 'unsigned']);
}

/** Where requests go. */
export interface S3Endpoint {
  readonly base: URL;
  readonly region: string;
  readonly pathStyle: boolean | null;
}

/** @throws IcestreamError INVALID_ARGUMENT naming the option. */
export function endpointOf({ endpoint, region, pathStyle }: S3StoreOptions): S3Endpoint {
  const base = parseEndpoint(endpoint ?? awsEndpoint(region ?? 'us-east-1'));
  const fallback = base.hostname.endsWith('.r2.cloudflarestorage.com') ? 'auto' : 'us-east-1';
  return { base, region: region ?? fallback, pathStyle: pathStyle ?? (endpoint === undefined ? null : true) };
}

function awsEndpoint(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const web = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url !== null && web && url.username === '' && url.password === '' && url.search === '' && url.hash === '') {
    return url;
  }
  throw new IcestreamError(
    'INVALID_ARGUMENT',
    `the S3 endpoint ${scrubUrl(text)} cannot be used: it must be http(s)://host[:port], without user or query`,
    { option: 's3.endpoint' },
  );
}
