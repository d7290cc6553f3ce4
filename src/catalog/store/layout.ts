/**
 * Where a catalog on a store keeps things:
 *
 *     <warehouse>/<namespace…>/<table>/metadata/v3.metadata.json   one per version, created conditionally (v3.gz.metadata.json
 *                                                                  where version 2 asks for gzip)
 *     <warehouse>/<namespace…>/<table>/metadata/version-hint.text  digits, no newline; may lag behind
 *     <warehouse>/_icestream/<namespace…>/namespace.json           a namespace
 *     <warehouse>/_icestream/<namespace…>/<table>.table            names a table, for listings
 *
 * The first two are what Iceberg's file-system tables look like, so that engines open a table by its path.
 */
import { IcestreamError } from '../../errors.ts';
import { parseLocation } from '../../util/location.ts';
import type { Namespace, TableIdentifier } from '../catalog.ts';
import { metadataEnding } from './metadata-bytes.ts';

/** The folder of the catalog's own listing, beside the namespaces. */
const LISTING_FOLDER = '_icestream';
const NAMESPACE_MARKER = 'namespace.json';
const TABLE_MARKER_SUFFIX = '.table';
const MAX_NAME_BYTES = 200;

/** From names to locations and back: the catalog decides where a table lives, because it finds it by its name. */
export interface Layout {
  /** Without a trailing slash. */
  readonly warehouse: string;
  tableLocation(identifier: TableIdentifier): string;
  namespaceMarker(namespace: Namespace): string;
  tableMarker(identifier: TableIdentifier): string;
  /** The folder of the listing that holds a namespace's markers; ends with a slash. Without one: the whole listing. */
  listingFolder(namespace?: Namespace): string;
  /** What a marker's location stands for; null for anything else. */
  readMarker(location: string): Marker | null;
}

export type Marker =
  | { readonly kind: 'namespace'; readonly namespace: Namespace }
  | { readonly kind: 'table'; readonly identifier: TableIdentifier };

/** @throws IcestreamError INVALID_ARGUMENT when the warehouse is not a location; the methods, for unusable names. */
export function storeLayout(warehouse: string): Layout {
  parseLocation(warehouse);
  const base = warehouse.replace(/\/+$/, '');
  const listing = `${base}/${LISTING_FOLDER}/`;
  const folder = (namespace: Namespace) => namespace.map((part) => `${checkName(part)}/`).join('');
  const listingFolder = (namespace: Namespace = []) => listing + folder(namespace);
  return {
    warehouse: base,
    tableLocation: ({ namespace, name }) => `${base}/${topFolder(folder(namespace))}${checkName(name)}`,
    namespaceMarker: (namespace) => `${listing}${topFolder(folder(namespace))}${NAMESPACE_MARKER}`,
    tableMarker: ({ namespace, name }) => `${listingFolder(namespace)}${checkName(name)}${TABLE_MARKER_SUFFIX}`,
    listingFolder,
    readMarker(location) {
      if (!location.startsWith(listing)) return null;
      const parts = location.slice(listing.length).split('/');
      const last = parts.pop() ?? '';
      if (parts.length === 0) return null;
      if (last === NAMESPACE_MARKER) return { kind: 'namespace', namespace: parts };
      if (!last.endsWith(TABLE_MARKER_SUFFIX)) return null;
      const name = last.slice(0, -TABLE_MARKER_SUFFIX.length);
      return { kind: 'table', identifier: { namespace: parts, name } };
    },
  };
}

/** The location of a version's metadata. */
export function versionFile(tableLocation: string, version: number, isCompressed = false): string {
  return `${tableLocation}/metadata/v${version}${metadataEnding(isCompressed)}`;
}

/** Names of a compressed version, newest convention first. */
export function compressedVersionFiles(tableLocation: string, version: number): readonly string[] {
  return [versionFile(tableLocation, version, true), `${tableLocation}/metadata/v${version}.metadata.json.gz`];
}

export function versionHintFile(tableLocation: string): string {
  return `${tableLocation}/metadata/version-hint.text`;
}

/** The version in the name of a metadata file, plain or compressed; null for other files. */
export function versionOf(location: string): number | null {
  const match = /\/v(\d{1,15})(?:\.metadata\.json|\.gz\.metadata\.json|\.metadata\.json\.gz)$/.exec(location);
  return match === null ? null : Number(match[1]);
}

function topFolder(folder: string): string {
  if (folder.startsWith(`${LISTING_FOLDER}/`)) {
    throw new IcestreamError('INVALID_ARGUMENT', `the namespace name ${LISTING_FOLDER} is taken by the catalog itself`);
  }
  return folder;
}

/** A name becomes a folder, so it must mean the same in every store and engine. */
function checkName(name: string): string {
  const fault = nameFault(name);
  if (fault === null) return name;
  throw new IcestreamError(
    'INVALID_ARGUMENT',
    `the name ${JSON.stringify(name.slice(0, 60))} cannot be used in a catalog on a store: it ${fault}; choose another`,
  );
}

function nameFault(name: string): string | null {
  if (name === '') return 'is empty';
  if (name === '.' || name === '..') return 'is a dot segment';
  // Separators, wildcards and what URLs treat specially: stores and engines disagree on these.
  const bad = /[\p{Cc}/\\%?#:*"<>|]/u.exec(name);
  if (bad !== null) return `has the character ${JSON.stringify(bad[0])}`;
  if (!name.isWellFormed()) return 'has half of a surrogate pair';
  if (name !== name.trim() || name.endsWith('.')) return 'begins or ends with a space, or ends with a dot';
  return new TextEncoder().encode(name).length > MAX_NAME_BYTES ? `is longer than ${MAX_NAME_BYTES} bytes` : null;
}
