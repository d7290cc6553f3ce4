/** Table and catalog properties, in the names of PyIceberg and Iceberg Java, as options of the S3 store. */
import { IcestreamError } from '../../errors.ts';
import type { S3Credentials } from './credentials.ts';
import type { S3StoreOptions } from './options.ts';

type Options = { -readonly [K in keyof S3StoreOptions]: S3StoreOptions[K] };

/**
 * Reads `s3.endpoint`, `s3.region` or `client.region`, `s3.access-key-id`, `s3.secret-access-key`, `s3.session-token`
 * (or the `client.` forms), `s3.session-token-expires-at-ms`, `s3.path-style-access`,
 * `s3.force-virtual-addressing`; others are not the store's.
 * @throws IcestreamError INVALID_ARGUMENT: half of a pair of keys, a value that is neither true nor false.
 */
export function s3OptionsFromProperties(properties: ReadonlyMap<string, string>): S3StoreOptions {
  const either = (...names: string[]) => names.map((name) => properties.get(name)).find((value) => value !== undefined);
  const options: Options = {};
  const endpoint = either('s3.endpoint');
  if (endpoint !== undefined) options.endpoint = endpoint;
  const region = either('s3.region', 'client.region');
  if (region !== undefined) options.region = region;
  const pathStyle = readBoolean(properties, 's3.path-style-access');
  const virtual = readBoolean(properties, 's3.force-virtual-addressing');
  if (pathStyle !== undefined) options.pathStyle = pathStyle;
  else if (virtual !== undefined) options.pathStyle = !virtual;
  const credentials = readCredentials(properties, either);
  if (credentials !== null) options.credentials = credentials;
  return options;
}

function readCredentials(
  properties: ReadonlyMap<string, string>,
  either: (...names: string[]) => string | undefined,
): S3Credentials | null {
  const accessKeyId = either('s3.access-key-id', 'client.access-key-id');
  const secretAccessKey = either('s3.secret-access-key', 'client.secret-access-key');
  const sessionToken = either('s3.session-token', 'client.session-token');
  if (accessKeyId === undefined && secretAccessKey === undefined) return null;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = accessKeyId === undefined ? 's3.access-key-id' : 's3.secret-access-key';
    throw new IcestreamError('INVALID_ARGUMENT', `${missing} is missing; give both keys or none`, { option: missing });
  }
  const expires = properties.get('s3.session-token-expires-at-ms');
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(expires !== undefined && /^\d+$/.test(expires) ? { expiresAtMs: Number(expires) } : {}),
  };
}

function readBoolean(properties: ReadonlyMap<string, string>, option: string): boolean | undefined {
  const value = properties.get(option)?.toLowerCase();
  if (value === undefined || value === 'true' || value === 'false')
    return value === undefined ? value : value === 'true';
  throw new IcestreamError('INVALID_ARGUMENT', `${option} must be true or false`, { option });
}
