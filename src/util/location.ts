/**
 * Locations as they stand in table metadata: `scheme://authority/path`, the path taken literally (a `%20` in a
 * location is three characters of the key: that is how Iceberg's own implementations read them).
 */
import { IcestreamError } from '../errors.ts';

export interface LocationParts {
  /** Lower case; empty for a bare path. */
  readonly scheme: string;
  readonly authority: string;
  /** From the first slash after the authority on; may be empty. */
  readonly path: string;
}

const WITH_AUTHORITY = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)(.*)$/is;
const WITHOUT_AUTHORITY = /^([a-z][a-z0-9+.-]*):(\/.*)$/is;
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Splits `location`; nothing is checked or decoded. */
export function splitLocation(location: string): LocationParts {
  const full = WITH_AUTHORITY.exec(location);
  if (full !== null) return { scheme: (full[1] ?? '').toLowerCase(), authority: full[2] ?? '', path: full[3] ?? '' };
  const bare = WITHOUT_AUTHORITY.exec(location);
  if (bare !== null) return { scheme: (bare[1] ?? '').toLowerCase(), authority: '', path: bare[2] ?? '' };
  return { scheme: '', authority: '', path: location };
}

/**
 * Splits `location` and refuses what could point elsewhere than it seems to.
 * @throws IcestreamError INVALID_ARGUMENT: dot segments, control characters, lone surrogates.
 */
export function parseLocation(location: string): LocationParts {
  const parts = splitLocation(location);
  const fault = locationFault(parts);
  if (fault !== null) throw invalidLocation(location, fault);
  return parts;
}

export function invalidLocation(location: string, why: string): IcestreamError {
  const shown = printable(scrubUrl(location));
  return new IcestreamError('INVALID_ARGUMENT', `the location ${shown} cannot be used: ${why}`, { file: shown });
}

function locationFault({ authority, path }: LocationParts): string | null {
  if (CONTROL.test(authority) || CONTROL.test(path)) return 'it has a control character';
  if (!path.isWellFormed() || !authority.isWellFormed()) return 'it has half of a surrogate pair';
  const dots = path.split('/').find((segment) => segment === '.' || segment === '..');
  return dots === undefined ? null : `it has a "${dots}" segment; write the location out in full`;
}

/** `base` and `path` with exactly one slash between them. */
export function joinLocation(base: string, ...path: readonly string[]): string {
  return path.reduce((sum, part) => `${sum.replace(/\/+$/, '')}/${part.replace(/^\/+/, '')}`, base);
}

/** Whether `location` is `folder` or inside it, on path boundaries (`s3://b/foo` does not hold `s3://b/foobar`). */
export function isWithin(location: string, folder: string): boolean {
  const base = folder.replace(/\/+$/, '');
  return location === base || location.startsWith(`${base}/`);
}

const SECRET_PARAMETER = /(signature|credential|token|secret|password|key|sig)=[^&#\s]*/gi;

/** `url` for messages: user info removed, values of query parameters that look like secrets replaced. */
export function scrubUrl(url: string): string {
  const open = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1');
  const query = open.indexOf('?');
  return query < 0 ? open : open.slice(0, query) + open.slice(query).replace(SECRET_PARAMETER, '$1=…');
}

/** `text` with control characters made visible and its length bounded: safe in a message or on a terminal. */
export function printable(text: string, maxLength = 300): string {
  const safe = text
    .toWellFormed()
    .replace(new RegExp(CONTROL, 'g'), (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return safe.length > maxLength ? `${safe.slice(0, maxLength)}…` : safe;
}
