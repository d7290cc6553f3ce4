/** A table as it is answered (REST OpenAPI: LoadTableResult, CommitTableResponse). */
import type { LoadedTable } from '../../catalog/catalog.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { stringifyTableMetadata } from '../../spec/table-metadata-parse.ts';
import { toHex, utf8 } from '../../util/encoding.ts';
import { stringifyJson } from '../../util/json.ts';
import type { Answer } from './answer.ts';
import type { VendedAccess } from './options.ts';

export interface TableAnswerOptions {
  /** `refs`: only the snapshots that branches and tags name. Default `all`. */
  readonly snapshots?: 'all' | 'refs';
  /** Default: none is given. */
  readonly vend?: (table: LoadedTable) => Promise<VendedAccess>;
  /** Tags the client knows; a table that still has one of them is answered 304. */
  readonly ifNoneMatch?: string | null;
}

/** A staged table has neither a metadata location nor an ETag. */
export async function tableAnswer(table: LoadedTable, options: TableAnswerOptions = {}): Promise<Answer> {
  const { metadata, metadataLocation } = table;
  const { snapshots = 'all', vend } = options;
  const etag = metadataLocation === null ? null : await etagOf(table, snapshots, vend !== undefined);
  const headers: Record<string, string> = etag === null ? {} : { etag };
  if (etag !== null && matches(options.ifNoneMatch ?? null, etag)) return { status: 304, body: null, headers };
  const access = await vend?.(table);
  const text = metadataText(snapshots === 'refs' ? withNamedSnapshots(metadata) : metadata);
  const members = [
    ...(metadataLocation === null ? [] : [`"metadata-location":${stringifyJson(metadataLocation)}`]),
    `"metadata":${text}`,
    `"config":${stringifyJson({ ...onlyCredential(access), ...access?.config })}`,
    ...(access === undefined ? [] : [`"storage-credentials":${stringifyJson(access.storageCredentials)}`]),
  ];
  return { status: 200, body: `{${members.join(',')}}`, headers };
}

/** Some clients look for credentials in the settings only (PyIceberg 0.12, for a table that is staged). */
function onlyCredential(access: VendedAccess | undefined): Readonly<Record<string, string>> {
  const [only, ...others] = access?.storageCredentials ?? [];
  return only === undefined || others.length > 0 ? {} : only.config;
}

/** Tags differ where answers do: by version, by `snapshots`, and by whether credentials come along. */
async function etagOf(
  { metadata, metadataLocation }: LoadedTable,
  snapshots: string,
  vended: boolean,
): Promise<string> {
  const version = [metadataLocation, metadata['table-uuid'], metadata['last-updated-ms'], snapshots, vended];
  const digest = await crypto.subtle.digest('SHA-256', utf8(version.join('\n')));
  return `"${toHex(new Uint8Array(digest).subarray(0, 16))}"`;
}

/** Proxies that compress make a tag weak; the metadata is the same. */
function matches(header: string | null, etag: string): boolean {
  if (header === null) return false;
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}

/** As a file would hold it, without the null of a table that has no snapshot: the protocol leaves that out. */
function metadataText(metadata: TableMetadata): string {
  return stringifyTableMetadata({ ...metadata, 'current-snapshot-id': metadata['current-snapshot-id'] ?? undefined });
}

function withNamedSnapshots(metadata: TableMetadata): TableMetadata {
  if (metadata.snapshots === undefined) return metadata;
  const named = new Set(Object.values(metadata.refs ?? {}).map((ref) => ref['snapshot-id']));
  return { ...metadata, snapshots: metadata.snapshots.filter((snapshot) => named.has(snapshot['snapshot-id'])) };
}
