/** What a catalog's `/v1/config` may change: the keys of one allow-list, and nothing else (REST OpenAPI: getConfig). */
import { IcestreamError } from '../../errors.ts';

/** Storage settings a server may give along with credentials of its own; never used with the caller's credentials. */
const STORAGE_KEYS: readonly string[] = [
  's3.endpoint',
  's3.region',
  'client.region',
  's3.path-style-access',
  's3.remote-signing-enabled',
];
const ALLOWED: ReadonlySet<string> = new Set(['prefix', 'namespace-separator', ...STORAGE_KEYS]);

export interface ServerConfig {
  /** Percent-encoded, as it stands in a path; empty for none. */
  readonly prefix: string;
  /** Percent-encoded. */
  readonly namespaceSeparator: string;
  /** `GET /v1/{prefix}/…`; null when the server does not list them. */
  readonly endpoints: ReadonlySet<string> | null;
  /** Null: the server does not remember idempotency keys. */
  readonly idempotencyKeyLifetimeMs: number | null;
  /** Storage settings, from the server alone. */
  readonly storage: ReadonlyMap<string, string>;
  /** Keys the server sent that are not on the allow-list. */
  readonly ignored: readonly string[];
}

/**
 * Merges defaults < client < overrides through the allow-list.
 * @throws IcestreamError INVALID_RESPONSE when the body is not a configuration or a value cannot be used.
 */
export function readServerConfig(body: unknown, client: ReadonlyMap<string, string>): ServerConfig {
  if (!isRecord(body)) throw invalid('it is not a JSON object');
  const defaults = stringMap(body['defaults'], 'defaults');
  const overrides = stringMap(body['overrides'], 'overrides');
  const merged = new Map([...defaults, ...client, ...overrides].filter(([key]) => ALLOWED.has(key)));
  const server = new Map([...defaults, ...overrides]);
  return {
    prefix: encodePrefix(merged.get('prefix') ?? ''),
    namespaceSeparator: checkSeparator(merged.get('namespace-separator') ?? '%1F'),
    endpoints: endpointSet(body['endpoints']),
    idempotencyKeyLifetimeMs: lifetime(body['idempotency-key-lifetime']),
    storage: new Map([...server].filter(([key]) => STORAGE_KEYS.includes(key))),
    ignored: [...server.keys()].filter((key) => !ALLOWED.has(key)).sort(),
  };
}

/**
 * A prefix as it stands in a path. It is used verbatim where it can be: some servers send it percent-encoded
 * (`main%7Cwarehouse`), and encoding that again names another catalog.
 * @throws IcestreamError INVALID_RESPONSE for dot segments.
 */
export function encodePrefix(prefix: string): string {
  const trimmed = prefix.replace(/^\/+|\/+$/g, '');
  if (trimmed.split('/').some((part) => /^(\.|%2e){1,2}$/i.test(part))) throw invalid('its prefix has a dot segment');
  return trimmed
    .toWellFormed()
    .replace(/%(?![0-9a-f]{2})/gi, '%25')
    .replace(/[^\x21-\x7e]|["#<>?`{|}\\^[\]]/gu, (text) => encodeURIComponent(text));
}

/** Milliseconds of an ISO 8601 duration of days, hours, minutes and seconds; null when it is not one. */
export function parseDurationMs(text: string): number | null {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i.exec(text.trim());
  if (match === null || !/\d/.test(text)) return null;
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60_000 + (seconds ?? 0) * 1000;
}

function lifetime(value: unknown): number | null {
  return typeof value === 'string' ? parseDurationMs(value) : null;
}

function checkSeparator(separator: string): string {
  if (/^(%[0-9a-f]{2}|[a-z0-9._~-])+$/i.test(separator)) return separator;
  // A server may give the character itself.
  if ([...separator].length === 1 && separator.isWellFormed()) return encodeURIComponent(separator);
  throw invalid('its namespace-separator cannot stand in a URL');
}

function endpointSet(value: unknown): ReadonlySet<string> | null {
  if (!Array.isArray(value)) return null;
  return new Set(value.filter((item) => typeof item === 'string'));
}

/** The entries of an object whose values are strings; others are left out. */
export function stringMap(value: unknown, what: string): Map<string, string> {
  if (value === undefined || value === null) return new Map();
  if (!isRecord(value)) throw invalid(`its ${what} are not an object`);
  const entries = Object.entries(value);
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(why: string): IcestreamError {
  return new IcestreamError('INVALID_RESPONSE', `the catalog's configuration cannot be used: ${why}`);
}
