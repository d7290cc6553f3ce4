/** What a catalog proxy is made from. */
import { checkSecureUrl } from '../../catalog/rest/origin.ts';
import { type OptionNames, requireKnownOptions } from '../../util/known-options.ts';
import type { World } from '../../util/world.ts';
import type { Authenticate } from '../catalog/authenticate.ts';
import type { OnError } from '../on-error.ts';

/** A catalog that stands behind the proxy. */
export interface CatalogUpstream {
  /** Base address, without `/v1`: `https://catalog.example.com/iceberg`. https, but for loopback addresses. */
  readonly uri: string;
  /** Where `POST …/v1/oauth/tokens` goes. Default: `<uri>/v1/oauth/tokens`. */
  readonly tokenEndpoint?: string;
  /**
   * Credentials of the server's own: `authorization` (`Bearer …`) is sent in place of what the caller sent, which
   * `authenticate` judges. Default: the caller's own `Authorization` is passed on.
   */
  readonly access?: { readonly authorization: string; readonly authenticate: Authenticate };
}

export interface CatalogProxyOptions {
  /** By name: letters, digits, `-` and `_`. They are all that can be reached. */
  readonly upstreams: Readonly<Record<string, CatalogUpstream>>;
  /** Pages that may call from a browser, as `https://app.example`. Default: the proxy's own, as requests name it. */
  readonly origins?: readonly string[];
  /** The largest body that is passed on. Default 16 MiB. */
  readonly maxBodyBytes?: number;
  /** How long an upstream may take to answer, to the last byte, in ms. Default 120,000. */
  readonly timeoutMs?: number;
  /** Told of upstreams that do not answer, redirect, or refuse the server's credentials. Default: `console.error`. */
  readonly onError?: OnError;
  readonly world?: World;
}

/** One upstream, checked. */
export interface Upstream extends Pick<CatalogUpstream, 'access'> {
  readonly name: string;
  /** With `/v1/` at its end. */
  readonly base: URL;
  readonly tokenEndpoint: URL;
}

const OPTIONS: OptionNames<CatalogProxyOptions> = {
  upstreams: true,
  origins: true,
  maxBodyBytes: true,
  timeoutMs: true,
  onError: true,
  world: true,
};

const UPSTREAM: OptionNames<CatalogUpstream> = { uri: true, tokenEndpoint: true, access: true };

const ACCESS: OptionNames<NonNullable<CatalogUpstream['access']>> = { authorization: true, authenticate: true };

/**
 * @throws TypeError for an option that there is not and a name that cannot be, and IcestreamError INVALID_ARGUMENT for
 * such an address.
 */
export function upstreamsOf(options: CatalogProxyOptions): readonly Upstream[] {
  requireKnownOptions('catalogProxyApp', options, OPTIONS);
  return Object.entries(options.upstreams).map(([name, upstream]) => {
    const shown = `upstream ${JSON.stringify(name)} of catalogProxyApp`;
    requireKnownOptions(shown, upstream, UPSTREAM);
    const { uri, tokenEndpoint, access } = upstream;
    if (access !== undefined) requireKnownOptions(`access of ${shown}`, access, ACCESS);
    if (!/^[A-Za-z0-9_-]+$/.test(name)) {
      throw new TypeError(`upstreams: ${JSON.stringify(name)} is not a name of letters, digits, - and _`);
    }
    const base = checkSecureUrl(uri, `upstreams.${name}.uri`);
    if (base.search !== '' || base.hash !== '') {
      throw new TypeError(`upstreams.${name}.uri: the address of a catalog has no query and no fragment`);
    }
    base.pathname = `${base.pathname.replace(/\/+$/, '')}/v1/`;
    const tokens = tokenEndpoint ?? new URL('oauth/tokens', base).href;
    return {
      name,
      base,
      tokenEndpoint: checkSecureUrl(tokens, `upstreams.${name}.tokenEndpoint`),
      ...(access && { access }),
    };
  });
}
