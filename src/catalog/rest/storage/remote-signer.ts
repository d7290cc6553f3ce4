/** Requests to S3 signed by the catalog, which keeps the keys (REST OpenAPI: signRequest). */
import { IcestreamError } from '../../../errors.ts';
import type { RequestSigner, SignableRequest, SignedRequest } from '../../../storage/s3/signer.ts';
import type { RestClient } from '../client.ts';
import { parseAnswer, type RemoteSigningConfig } from '../load-result.ts';
import { checkSecureUrl } from '../origin.ts';

export interface RemoteSignerOptions {
  /** Sends with the catalog's authentication. */
  readonly client: RestClient;
  /** Below the client's URI. */
  readonly path: string;
  readonly config: RemoteSigningConfig | null;
  /** The table, for messages. */
  readonly shown: string;
}

/** Headers that the sender sets by itself. */
const OWN_HEADERS = new Set(['host', 'content-length']);

export class RemoteSigner implements RequestSigner {
  readonly #options: RemoteSignerOptions;

  constructor(options: RemoteSignerOptions) {
    this.#options = options;
  }

  /**
   * @throws IcestreamError what the catalog refused with; INVALID_RESPONSE when the answer would send the request
   * elsewhere than to the object asked for.
   */
  async sign(request: SignableRequest): Promise<SignedRequest> {
    const { client, path, config, shown } = this.#options;
    const headers = [...request.headers].map(([name, value]) => [name, [value]] as const);
    const { text } = await client.call({
      method: 'POST',
      path,
      body: {
        region: request.region,
        method: request.method,
        uri: request.url.href,
        headers: Object.fromEntries(headers),
        properties: config?.properties ?? {},
        ...(request.body === null ? {} : { body: request.body }),
        provider: 's3',
      },
      headers: Object.fromEntries(Object.entries(config?.headers ?? {}).map(([name, all]) => [name, all.join(', ')])),
      operation: 'sign a storage request for',
      subject: shown,
      // Signing changes nothing.
      repeatable: true,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    return this.#read(text, request.url);
  }

  #read(text: string, asked: URL): SignedRequest {
    const body = parseAnswer(text, "the remote signer's answer");
    const url = typeof body['uri'] === 'string' ? URL.parse(body['uri']) : null;
    if (url === null || url.origin !== asked.origin || url.pathname !== asked.pathname) {
      throw new IcestreamError(
        'INVALID_RESPONSE',
        `the remote signer of table ${this.#options.shown} answered with another address than ${asked.origin}${asked.pathname}; nothing was sent there`,
        { table: this.#options.shown },
      );
    }
    const headers = new Headers();
    const given: unknown = body['headers'];
    for (const [name, values] of typeof given === 'object' && given !== null ? Object.entries(given) : []) {
      if (Array.isArray(values) && !OWN_HEADERS.has(name.toLowerCase())) headers.set(name, values.join(','));
    }
    return { url, headers };
  }
}

export interface SignerAddressOptions {
  readonly config: ReadonlyMap<string, string>;
  readonly catalogUri: string;
  /** Path of the table's own signing endpoint, below the catalog's URI. */
  readonly defaultPath: string;
  /** Origins besides the catalog's that the caller trusts. */
  readonly allowedOrigins: readonly string[];
  readonly shown: string;
}

/**
 * Where to send requests for signatures: `s3.signer.endpoint` (or `signer.endpoint`), resolved against
 * `s3.signer.uri`, else the table's own endpoint.
 * @throws IcestreamError INVALID_RESPONSE for an address off the catalog's origin that the caller did not allow: the
 * catalog's credentials would go there.
 */
export function signerAddress(options: SignerAddressOptions): { uri: string; path: string } {
  const { config, catalogUri, defaultPath, allowedOrigins, shown } = options;
  const endpoint = config.get('s3.signer.endpoint') ?? config.get('signer.endpoint');
  const base = config.get('s3.signer.uri') ?? config.get('signer.uri') ?? catalogUri;
  if (endpoint === undefined && base === catalogUri) return { uri: catalogUri, path: defaultPath };
  const full = /^https?:\/\//i.test(endpoint ?? '')
    ? endpoint
    : `${base.replace(/\/+$/, '')}/${(endpoint ?? defaultPath).replace(/^\/+/, '')}`;
  const url = checkSecureUrl(full ?? '', 's3.signer.uri');
  const isTrusted = url.origin === new URL(catalogUri).origin || allowedOrigins.includes(url.origin);
  if (!isTrusted) {
    throw new IcestreamError(
      'INVALID_RESPONSE',
      `the catalog names ${url.origin} as signer of table ${shown}, which is not its own origin; if that is right, add it to allowedOrigins`,
      { table: shown, option: 'allowedOrigins' },
    );
  }
  return { uri: url.origin, path: `${url.pathname}${url.search}` };
}
