/** Who signs requests: SigV4 with credentials of our own, nobody, or a catalog (remote signing). */
import { AwsV4Signer } from 'aws4fetch';
import { CredentialsCache, type S3Credentials, type S3CredentialsProvider } from './credentials.ts';

export interface SignableRequest {
  readonly method: string;
  readonly url: URL;
  /** With `x-amz-content-sha256`; `host` is taken from the URL. */
  readonly headers: Headers;
  readonly region: string;
  /** Given only where a remote signer must see it: the XML of a batch delete. */
  readonly body: string | null;
  /** The time to sign for, in milliseconds: the world's clock, corrected by what the server said. */
  readonly nowMs: number;
  readonly signal?: AbortSignal;
}

/** The same request as it is to be sent; the body stays as it was. */
export interface SignedRequest {
  readonly url: URL;
  readonly headers: Headers;
}

/** Called for each request when it is sent (again for each retry), so that credentials may change at any time. */
export interface RequestSigner {
  sign(request: SignableRequest): Promise<SignedRequest>;
  /** The store refused the credentials of `refused`: forget them. True when the next `sign` may do better. */
  refresh?(refused: SignedRequest): boolean;
}

/** SigV4 for the service `s3`, by aws4fetch. */
export class SigV4Signer implements RequestSigner {
  readonly #credentials: CredentialsCache;
  /** Signing keys by day and region, of the credentials in use only. */
  #keys = new Map<string, ArrayBuffer>();
  #keysOf: S3Credentials | null = null;
  readonly #signedWith = new WeakMap<Headers, S3Credentials>();

  constructor(credentials: S3Credentials | S3CredentialsProvider) {
    this.#credentials = new CredentialsCache(credentials);
  }

  async sign(request: SignableRequest): Promise<SignedRequest> {
    const credentials = await this.#credentials.get(request.nowMs);
    if (credentials !== this.#keysOf) {
      this.#keysOf = credentials;
      this.#keys = new Map();
    }
    const { sessionToken } = credentials;
    const { url, headers } = await new AwsV4Signer({
      method: request.method,
      url: request.url.href,
      headers: request.headers,
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      service: 's3',
      region: request.region,
      cache: this.#keys,
      datetime: amzDate(request.nowMs),
    }).sign();
    this.#signedWith.set(headers, credentials);
    return { url, headers };
  }

  refresh({ headers }: SignedRequest): boolean {
    return this.#credentials.forget(this.#signedWith.get(headers) ?? null);
  }
}

/** Signs nothing: for public buckets. */
export const anonymousSigner: RequestSigner = {
  sign: async ({ url, headers }) => ({ url, headers }),
};

function amzDate(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}
