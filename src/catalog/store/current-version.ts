/**
 * Finding a table's current version. The hint says where to begin and may lag behind or be gone; a version is current
 * when the next one does not exist. The listing is asked only when the hint leads nowhere.
 */
import type { Store } from '../../storage/store.ts';
import { compressedVersionFiles, versionFile, versionHintFile, versionOf } from './layout.ts';
import { readIfThere } from './version-file.ts';

/** Where a version is stored. */
export interface VersionPlace {
  readonly version: number;
  readonly location: string;
  readonly etag: string | null;
  readonly sizeBytes: number;
}

export interface FindOptions {
  readonly signal?: AbortSignal;
  /** A version known to have existed: saves reading the hint. */
  readonly from?: number;
  /** Whether the version after `from` may be compressed, though that one is not: it asks for it. */
  readonly mayTurnCompressed?: boolean;
}

/** The current version of the table at `tableLocation`; null when it never had one. */
export async function findCurrentVersion(
  store: Store,
  tableLocation: string,
  options: FindOptions = {},
): Promise<VersionPlace | null> {
  const { signal } = options;
  const start = options.from ?? (await readVersionHint(store, tableLocation, signal));
  const statNext = options.mayTurnCompressed ? statVersion : statPlain;
  if (start !== null) {
    const [known, next] = await Promise.all([
      statVersion(store, tableLocation, start, signal),
      statNext(store, tableLocation, start + 1, signal),
    ]);
    if (next !== null) return probeForward(store, tableLocation, next, signal);
    if (known !== null && (statNext === statVersion || !isCompressed(known))) return known;
    if (known !== null) return probeForward(store, tableLocation, known, signal);
  }
  const newest = await newestVersion(store, tableLocation, signal);
  return newest === null ? null : probeForward(store, tableLocation, newest, signal);
}

/** The number in the hint; null when it is missing or is not one. */
export async function readVersionHint(
  store: Store,
  tableLocation: string,
  signal?: AbortSignal,
): Promise<number | null> {
  const bytes = await readIfThere(store, versionHintFile(tableLocation), signal);
  const text = bytes === null ? '' : new TextDecoder().decode(bytes.subarray(0, 64)).trim();
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}

/** The versions stored, in no order. */
async function* listVersions(store: Store, tableLocation: string, signal?: AbortSignal): AsyncIterable<VersionPlace> {
  const folder = `${tableLocation}/metadata/`;
  for await (const stat of store.list(`${folder}v`, signal === undefined ? {} : { signal })) {
    const version = stat.location.slice(folder.length).includes('/') ? null : versionOf(stat.location);
    if (version !== null) yield { ...stat, version };
  }
}

async function newestVersion(
  store: Store,
  tableLocation: string,
  signal: AbortSignal | undefined,
): Promise<VersionPlace | null> {
  if (!store.capabilities.list) return statVersion(store, tableLocation, 1, signal);
  let newest: VersionPlace | null = null;
  for await (const place of listVersions(store, tableLocation, signal)) {
    if (newest === null || place.version > newest.version) newest = place;
  }
  return newest;
}

async function probeForward(
  store: Store,
  tableLocation: string,
  from: VersionPlace,
  signal: AbortSignal | undefined,
): Promise<VersionPlace> {
  let current = from;
  for (;;) {
    // What a plain one asks for is known to who reads it.
    const probe = isCompressed(current) ? statVersion : statPlain;
    const next = await probe(store, tableLocation, current.version + 1, signal);
    if (next === null) return current;
    current = next;
  }
}

export function isCompressed({ location }: { readonly location: string }): boolean {
  return /\.gz(\.metadata\.json)?$/.test(location);
}

/** Null when there is none. */
export async function statVersion(
  store: Store,
  tableLocation: string,
  version: number,
  signal?: AbortSignal,
): Promise<VersionPlace | null> {
  const plain = await statPlain(store, tableLocation, version, signal);
  if (plain !== null) return plain;
  for (const location of compressedVersionFiles(tableLocation, version)) {
    const stat = await store.stat(location, signal === undefined ? {} : { signal });
    if (stat !== null) return { ...stat, version };
  }
  return null;
}

async function statPlain(
  store: Store,
  tableLocation: string,
  version: number,
  signal: AbortSignal | undefined,
): Promise<VersionPlace | null> {
  const stat = await store.stat(versionFile(tableLocation, version), signal === undefined ? {} : { signal });
  return stat === null ? null : { ...stat, version };
}
