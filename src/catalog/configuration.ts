/**
 * PyIceberg's configuration names as options of a connection. Only names are known here; files and environment
 * variables are read by who calls.
 */
import { IcestreamError } from '../errors.ts';
import type { CatalogProperties } from './catalog-kind.ts';
import type { RestAuth } from './rest/auth/auth.ts';
import { bearer } from './rest/auth/bearer.ts';
import { noAuth } from './rest/auth/none.ts';
import { oauth2, parseClientCredential } from './rest/auth/oauth2.ts';
import { sigv4 } from './rest/auth/sigv4.ts';
import type { AccessDelegation, RestCatalogOptions } from './rest/options.ts';

const DELEGATION_HEADER = 'x-iceberg-access-delegation';

/**
 * Reads `uri`, `warehouse`, `prefix`, `header.*`, `snapshot-loading-mode`, `s3.*`, `client.*`, and what
 * {@link authFromProperties} reads. `header.X-Iceberg-Access-Delegation` sets what is asked of the catalog.
 * @throws IcestreamError INVALID_ARGUMENT, UNSUPPORTED naming the property.
 */
export function restOptionsFromProperties(properties: CatalogProperties): RestCatalogOptions {
  const uri = properties.get('uri');
  if (!uri) throw new IcestreamError('INVALID_ARGUMENT', 'a REST catalog needs its uri', { option: 'uri' });
  if (properties.has('ssl.cabundle')) {
    throw new IcestreamError(
      'UNSUPPORTED',
      'ssl.cabundle is not read: name the certificates to the runtime (NODE_EXTRA_CA_CERTS, DENO_CERT) instead',
      { option: 'ssl.cabundle' },
    );
  }
  const warehouse = properties.get('warehouse');
  const headers = headersOf(properties);
  const delegation = headers.get(DELEGATION_HEADER);
  headers.delete(DELEGATION_HEADER);
  const mode = properties.get('snapshot-loading-mode')?.toLowerCase();
  const kept = [...properties].filter(([key]) => /^(s3|client)\./.test(key) || key === 'prefix');
  return {
    uri,
    auth: authFromProperties(properties),
    headers: Object.fromEntries(headers),
    properties: Object.fromEntries(kept),
    ...(warehouse === undefined ? {} : { warehouse }),
    ...(delegation === undefined ? {} : { accessDelegation: delegations(delegation) }),
    ...(mode === 'refs' || mode === 'all' ? { snapshots: mode } : {}),
  };
}

/**
 * Reads `credential` with `oauth2-server-uri`, `scope`, `audience`, `resource`; `token`; `rest.sigv4-enabled` with
 * `rest.signing-name`, `rest.signing-region` and keys under `rest.`, `client.` or `s3.`. SigV4 goes before a
 * credential, a credential before a token.
 */
export function authFromProperties(properties: CatalogProperties): RestAuth {
  if (isTrue(properties, 'rest.sigv4-enabled')) return sigv4FromProperties(properties);
  const credential = properties.get('credential');
  if (credential) {
    const optional = (option: string, ...names: string[]) => {
      const value = names.map((name) => properties.get(name)).find((text) => text !== undefined);
      return value === undefined ? {} : { [option]: value };
    };
    return oauth2({
      ...parseClientCredential(credential),
      ...optional('tokenEndpoint', 'oauth2-server-uri', 'rest.authorization-url'),
      ...optional('scope', 'scope'),
      ...optional('audience', 'audience'),
      ...optional('resource', 'resource'),
    });
  }
  const token = properties.get('token');
  return token ? bearer(token) : noAuth();
}

function sigv4FromProperties(properties: CatalogProperties): RestAuth {
  const first = (name: string) =>
    ['rest', 'client', 's3'].map((group) => properties.get(`${group}.${name}`)).find((value) => value !== undefined);
  const accessKeyId = first('access-key-id');
  const secretAccessKey = first('secret-access-key');
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new IcestreamError(
      'INVALID_ARGUMENT',
      'rest.sigv4-enabled needs AWS keys: give client.access-key-id and client.secret-access-key (or the same under s3.)',
      { option: 'client.access-key-id' },
    );
  }
  const sessionToken = first('session-token');
  const region = properties.get('rest.signing-region') ?? first('region');
  const service = properties.get('rest.signing-name');
  return sigv4({
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    ...(region === undefined ? {} : { region }),
    ...(service === undefined ? {} : { service }),
  });
}

function headersOf(properties: CatalogProperties): Map<string, string> {
  const headers = [...properties].filter(([key]) => key.startsWith('header.'));
  return new Map(headers.map(([key, value]) => [key.slice('header.'.length).toLowerCase(), value]));
}

function delegations(header: string): AccessDelegation[] {
  const names = header
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.map((name) => {
    if (name === 'vended-credentials' || name === 'remote-signing') return name;
    throw new IcestreamError(
      'INVALID_ARGUMENT',
      `${DELEGATION_HEADER} is vended-credentials, remote-signing or both, not ${name}`,
      { option: `header.${DELEGATION_HEADER}` },
    );
  });
}

function isTrue(properties: CatalogProperties, option: string): boolean {
  const value = properties.get(option)?.toLowerCase();
  if (value === undefined || value === 'true' || value === 'false') return value === 'true';
  throw new IcestreamError('INVALID_ARGUMENT', `${option} must be true or false`, { option });
}
