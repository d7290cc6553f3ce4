/** Where clients get new credentials when those of an answer end. */
import type { LoadedTable } from '../../catalog/catalog.ts';
import type { VendedAccess } from './options.ts';

/** What Iceberg's Java library needs of credentials that it renews; it renews a single one of a table. */
const TEMPORARY = ['s3.session-token', 's3.session-token-expires-at-ms'];

/**
 * Adds `client.refresh-credentials-endpoint` where the credentials end, relative to the catalog's URI, so that it holds
 * behind any proxy. Not for a staged table: until it is committed, the endpoint does not know it.
 * @param base `v1`, with the catalog's prefix.
 */
export function renewable(access: VendedAccess, table: LoadedTable, base: string): VendedAccess {
  const [only, ...others] = access.storageCredentials;
  if (only === undefined || others.length > 0 || table.metadataLocation === null) return access;
  if (!TEMPORARY.every((name) => Object.hasOwn(only.config, name))) return access;
  const { namespace, name } = table.identifier;
  const path = `namespaces/${namespace.map(encodeURIComponent).join('%1F')}/tables/${encodeURIComponent(name)}`;
  const endpoint = { 'client.refresh-credentials-endpoint': `${base}/${path}/credentials` };
  return { ...access, config: { ...endpoint, ...access.config } };
}
