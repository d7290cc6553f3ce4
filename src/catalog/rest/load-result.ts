/** What a catalog answers when a table is loaded, created or committed to (REST OpenAPI: LoadTableResult). */
import { IcestreamError } from '../../errors.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { tableMetadataFromJson } from '../../spec/table-metadata-parse.ts';
import { parseJson } from '../../util/json.ts';

/** Credentials for the locations under a prefix. */
export interface StorageCredential {
  readonly prefix: string;
  readonly config: ReadonlyMap<string, string>;
}

/** What a client must hand on to a remote signer. */
export interface RemoteSigningConfig {
  readonly properties: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

export interface LoadResult {
  readonly metadataLocation: string | null;
  readonly metadata: TableMetadata;
  readonly config: ReadonlyMap<string, string>;
  readonly credentials: readonly StorageCredential[];
  readonly signing: RemoteSigningConfig | null;
}

/** @throws IcestreamError INVALID_RESPONSE, INVALID_METADATA. */
export function parseLoadResult(text: string, what: string): LoadResult {
  return readLoadResult(parseAnswer(text, what), what);
}

/** The same from parsed JSON. */
export function readLoadResult(body: Readonly<Record<string, unknown>>, what: string): LoadResult {
  const location = body['metadata-location'];
  return {
    metadataLocation: typeof location === 'string' ? location : null,
    metadata: tableMetadataFromJson(body['metadata'], { file: what }),
    config: strings(body['config']),
    credentials: readStorageCredentials(body['storage-credentials']),
    signing: readSigningConfig(body['remote-signing-config']),
  };
}

/** Entries that are not credentials are left out. */
export function readStorageCredentials(value: unknown): StorageCredential[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) =>
    isRecord(item) && typeof item['prefix'] === 'string'
      ? [{ prefix: item['prefix'], config: strings(item['config']) }]
      : [],
  );
}

/** @throws IcestreamError INVALID_RESPONSE when the text is not a JSON object. */
export function parseAnswer(text: string, what: string): Readonly<Record<string, unknown>> {
  let body: unknown;
  try {
    body = parseJson(text, { file: what });
  } catch (cause) {
    throw new IcestreamError('INVALID_RESPONSE', `${what} is not JSON; check that the uri is that of the catalog`, {
      cause,
    });
  }
  if (!isRecord(body)) throw new IcestreamError('INVALID_RESPONSE', `${what} is not a JSON object`);
  return body;
}

function readSigningConfig(value: unknown): RemoteSigningConfig | null {
  if (!isRecord(value)) return null;
  const headers = isRecord(value['headers']) ? Object.entries(value['headers']) : [];
  return {
    properties: Object.fromEntries(strings(value['properties'])),
    headers: Object.fromEntries(
      headers.map(([name, values]) => [name, Array.isArray(values) ? values.filter((v) => typeof v === 'string') : []]),
    ),
  };
}

function strings(value: unknown): Map<string, string> {
  if (!isRecord(value)) return new Map();
  return new Map(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
