/** Between `s3://bucket/key` and request URLs. */
import { invalidLocation, parseLocation } from '../../util/location.ts';
import { otherStore } from '../store-errors.ts';
import type { S3Endpoint } from './options.ts';

export interface S3Location {
  readonly location: string;
  readonly bucket: string;
  /** Not encoded; without the slash before it. */
  readonly key: string;
}

/** `s3a` and `s3n` are Hadoop's names for the same thing. */
const SCHEMES = new Set(['s3', 's3a', 's3n']);
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;

/** Whether `location` is spelled as an object or prefix of S3; nothing else is checked. */
export function isS3Location(location: string): boolean {
  return /^s3[an]?:\/\/[^/]+/i.test(location);
}

/** @throws IcestreamError INVALID_ARGUMENT. An empty key is allowed for prefixes only. */
export function parseS3Location(location: string, prefix = false): S3Location {
  const { scheme, authority, path } = parseLocation(location);
  if (!SCHEMES.has(scheme)) throw otherStore(location, 's3://bucket/key');
  if (!BUCKET.test(authority)) throw invalidLocation(location, `"${authority}" is no name of a bucket`);
  const key = path.slice(1);
  if (key === '' && !prefix) throw invalidLocation(location, 'it names a bucket, not an object');
  return { location, bucket: authority, key };
}

/**
 * The URL of an object, or of its bucket when `key` is null. Every byte that is not unreserved is encoded, because
 * servers and signers disagree about the rest: a literal `+` would be signed as a space.
 */
export function requestUrl(endpoint: S3Endpoint, bucket: string, key: string | null, query: Query = {}): URL {
  const url = new URL(endpoint.base);
  const pathStyle = endpoint.pathStyle ?? !/^[a-z0-9-]+$/.test(bucket);
  if (!pathStyle) url.hostname = `${bucket}.${url.hostname}`;
  const root = url.pathname.replace(/\/+$/, '') + (pathStyle ? `/${encode(bucket)}` : '');
  url.pathname = key === null ? `${root}/` : `${root}/${key.split('/').map(encode).join('/')}`;
  url.search = Object.entries(query)
    .flatMap(([name, value]) => (value === undefined ? [] : `${encode(name)}=${encode(value)}`))
    .join('&');
  return url;
}

/** Query parameters; their names are ours, never a user's. */
export type Query = Readonly<Record<string, string | undefined>>;

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
