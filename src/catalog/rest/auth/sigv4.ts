/** AWS Signature Version 4 for REST catalogs on AWS: Glue (`glue`), S3 Tables (`s3tables`), API Gateway. */
import { AwsV4Signer } from 'aws4fetch';
import { IcestreamError } from '../../../errors.ts';
import { toHex, utf8 } from '../../../util/encoding.ts';
import type { AuthContext, OutgoingRequest, Refusal, RestAuth } from './auth.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SigV4Options {
  /** Fixed credentials, or a function that gives the current ones and is asked before every request. */
  readonly credentials: AwsCredentials | (() => Promise<AwsCredentials>);
  /** `rest.signing-region`. Default: read from an AWS host name. */
  readonly region?: string;
  /** `rest.signing-name`. Default: `glue` or `s3tables` for their host names, else `execute-api`. */
  readonly service?: string;
}

/**
 * Signs every request, body included. A refusal by a server whose clock differs from ours by more than a minute is
 * answered by correcting the clock.
 */
export function sigv4(options: SigV4Options): RestAuth {
  return new SigV4(options);
}

/** The service and region that an AWS host name tells, e.g. `glue.eu-west-1.amazonaws.com`. */
export function signingScope(hostname: string): { service: string | null; region: string | null } {
  const match =
    /(?:^|\.)(glue|s3tables|execute-api)(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$/.exec(hostname);
  return { service: match?.[1] ?? null, region: match?.[2] ?? null };
}

export interface SigningScope {
  readonly credentials: AwsCredentials;
  readonly region: string;
  readonly service: string;
  /** The signing time. */
  readonly date: Date;
  /** Every service but S3 signs the path percent-encoded once more than it is sent. Default true. */
  readonly encodePathAgain?: boolean;
}

/** The request with its signature; every header given is signed. */
export async function signRequest(request: OutgoingRequest, scope: SigningScope): Promise<OutgoingRequest> {
  const signer = new AwsV4Signer({
    method: request.method,
    url: request.url.href,
    headers: request.headers,
    ...(request.body === null ? {} : { body: request.body }),
    accessKeyId: scope.credentials.accessKeyId,
    secretAccessKey: scope.credentials.secretAccessKey,
    ...(scope.credentials.sessionToken === undefined ? {} : { sessionToken: scope.credentials.sessionToken }),
    service: scope.service,
    region: scope.region,
    allHeaders: true,
    singleEncode: scope.encodePathAgain === false,
    datetime: scope.date.toISOString().replace(/[:-]|\.\d{3}/g, ''),
  });
  const signed = await signer.sign();
  return { ...request, url: signed.url, headers: signed.headers };
}

class SigV4 implements RestAuth {
  readonly kind = 'sigv4';
  readonly advice = 'check the AWS keys, the signing region and the signing name';
  readonly #options: SigV4Options;
  #clockOffsetMs = 0;

  constructor(options: SigV4Options) {
    this.#options = options;
  }

  async authorize(request: OutgoingRequest, { world, secrets }: AuthContext): Promise<OutgoingRequest> {
    const { credentials } = this.#options;
    const keys = typeof credentials === 'function' ? await credentials() : credentials;
    secrets.add(keys.secretAccessKey, keys.sessionToken, keys.accessKeyId);
    const found = signingScope(request.url.hostname);
    const region = this.#options.region ?? found.region;
    if (region === null) {
      throw new IcestreamError('INVALID_ARGUMENT', 'SigV4 needs a region: give `region` (rest.signing-region)', {
        option: 'rest.signing-region',
      });
    }
    const headers = new Headers(request.headers);
    const digest = await crypto.subtle.digest('SHA-256', utf8(request.body ?? ''));
    headers.set('x-amz-content-sha256', toHex(new Uint8Array(digest)));
    const service = this.#options.service ?? found.service ?? 'execute-api';
    const date = new Date(world.now() + this.#clockOffsetMs);
    return signRequest({ ...request, headers }, { credentials: keys, region, service, date });
  }

  async renew({ headers }: Refusal, { world }: AuthContext): Promise<boolean> {
    const serverMs = Date.parse(headers.get('date') ?? '');
    if (Number.isNaN(serverMs)) return false;
    const offset = serverMs - world.now();
    if (Math.abs(offset - this.#clockOffsetMs) < 60_000) return false;
    this.#clockOffsetMs = offset;
    return true;
  }
}
