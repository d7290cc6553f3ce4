/**
 * Where the command line gets a catalog's properties from: PyIceberg's configuration file and environment names, the
 * usual AWS variables, and flags; what comes later wins.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { IcestreamError } from '../errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Flags that name the catalog, as the commands take them. */
export interface CatalogFlags {
  /** A REST catalog's URL, or the name of one in the configuration. */
  readonly catalog?: string;
  /** A folder or location for tables without a catalog service, or the REST catalog's warehouse. */
  readonly warehouse?: string;
  readonly token?: string;
  readonly s3Endpoint?: string;
  readonly s3Region?: string;
  readonly property?: readonly string[];
}

const defaultCatalogName = 'default';

/** Properties by PyIceberg's names (`uri`, `warehouse`, `s3.endpoint`, …). */
export async function catalogProperties(
  flags: CatalogFlags,
  env: Environment,
  workingFolder: string,
): Promise<Map<string, string>> {
  const isUrl = flags.catalog?.includes('://') ?? false;
  const file = await readConfigurationFile(env, workingFolder);
  const name =
    (isUrl ? undefined : flags.catalog) ??
    env['PYICEBERG_DEFAULT_CATALOG'] ??
    file.defaultCatalog ??
    defaultCatalogName;
  const configured = new Map([...(file.catalogs.get(name.toLowerCase()) ?? []), ...environmentProperties(env, name)]);
  if (flags.catalog !== undefined && !isUrl && configured.size === 0) {
    throw new IcestreamError(
      'INVALID_ARGUMENT',
      `no catalog named '${name}' is configured: give its URL, or add it to .pyiceberg.yaml or PYICEBERG_CATALOG__${name.toUpperCase()}__URI`,
      { option: '--catalog' },
    );
  }
  const properties = new Map([...awsProperties(env), ...configured]);
  // A folder given by itself means tables without a service, whatever else is configured.
  if (flags.warehouse !== undefined && flags.catalog === undefined) properties.delete('uri');
  const set = (key: string, value: string | undefined) => value !== undefined && properties.set(key, value);
  if (isUrl) set('uri', flags.catalog);
  set('warehouse', flags.warehouse);
  set('token', flags.token);
  set('s3.endpoint', flags.s3Endpoint);
  set('s3.region', flags.s3Region);
  for (const pair of flags.property ?? []) set(...splitProperty(pair));
  return properties;
}

export function splitProperty(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  throw new IcestreamError('INVALID_ARGUMENT', `a property is written name=value, not '${pair}'`, {
    option: '--property',
  });
}

/** `PYICEBERG_CATALOG__PROD__S3__ACCESS_KEY_ID` is `s3.access-key-id` of catalog `prod`. */
export function environmentProperties(env: Environment, name: string): Map<string, string> {
  const prefix = `PYICEBERG_CATALOG__${name.toUpperCase().replaceAll('-', '_')}__`;
  const properties = new Map<string, string>();
  for (const [variable, value] of Object.entries(env)) {
    if (value === undefined || !variable.toUpperCase().startsWith(prefix)) continue;
    const key = variable.slice(prefix.length).toLowerCase().replaceAll('__', '.').replaceAll('_', '-');
    properties.set(key, value);
  }
  return properties;
}

function awsProperties(env: Environment): Map<string, string> {
  const names: [string, string | undefined][] = [
    ['s3.access-key-id', env['AWS_ACCESS_KEY_ID']],
    ['s3.secret-access-key', env['AWS_SECRET_ACCESS_KEY']],
    ['s3.session-token', env['AWS_SESSION_TOKEN']],
    ['s3.region', env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION']],
    ['s3.endpoint', env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL']],
  ];
  return new Map(names.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

interface ConfigurationFile {
  readonly defaultCatalog: string | undefined;
  /** By name, in lower case. */
  readonly catalogs: ReadonlyMap<string, Map<string, string>>;
}

/** PyIceberg looks in PYICEBERG_HOME, the home folder, then the working folder, and takes the first. */
async function readConfigurationFile(env: Environment, workingFolder: string): Promise<ConfigurationFile> {
  const folders = [env['PYICEBERG_HOME'], env['HOME'] ?? homedir(), workingFolder];
  for (const folder of folders) {
    if (folder === undefined) continue;
    const path = join(folder, '.pyiceberg.yaml');
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return parseConfiguration(text, path);
  }
  return { defaultCatalog: undefined, catalogs: new Map() };
}

async function parseConfiguration(text: string, path: string): Promise<ConfigurationFile> {
  // Loaded only where there is a file: it is a tenth of what the command line loads.
  const { parse: parseYaml } = await import('yaml');
  let parsed: unknown;
  try {
    // Every scalar is text, as PyIceberg reads them: a key or a token may consist of digits, `0123` is not 123.
    parsed = parseYaml(text, { schema: 'failsafe' });
  } catch (cause) {
    throw new IcestreamError('INVALID_ARGUMENT', `${path} is not valid YAML`, { file: path, cause });
  }
  const root = entries(parsed);
  const defaultCatalog = root.get('default-catalog');
  const catalogs = [...entries(root.get('catalog'))].map(([name, properties]): [string, Map<string, string>] => [
    name,
    new Map([...entries(properties)].map(([key, value]) => [key, String(value)])),
  ]);
  return {
    defaultCatalog: typeof defaultCatalog === 'string' ? defaultCatalog : undefined,
    catalogs: new Map(catalogs),
  };
}

/** Keys in lower case: PyIceberg does not tell letter cases apart in names of catalogs and properties. */
function entries(value: unknown): Map<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map();
  return new Map(Object.entries(value).map(([key, inner]) => [key.toLowerCase(), inner]));
}
