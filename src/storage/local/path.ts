/** Between locations and paths of the local file system, in the spellings that Iceberg's implementations use. */
import { invalidLocation, parseLocation } from '../../util/location.ts';
import { otherStore } from '../store-errors.ts';

/** How a location writes the path: `file://`, `file:`, `file://localhost`, or nothing. */
export interface LocalPath {
  /** What stands before the path in the location. */
  readonly prefix: string;
  /** Absolute path, taken literally: `%20` is three characters. */
  readonly path: string;
}

/** Whether `location` is spelled as a local file: `file:///p`, `file:/p`, `file://localhost/p`, `/p`. */
export function isLocalLocation(location: string): boolean {
  return /^(file:\/\/localhost\/|file:\/\/\/|file:\/(?!\/)|\/)/i.test(location);
}

/** @throws IcestreamError INVALID_ARGUMENT for other schemes and hosts, relative paths, dot segments. */
export function localPath(location: string): LocalPath {
  if (!isLocalLocation(location)) throw otherStore(location, 'file:///… and absolute paths');
  const { path } = parseLocation(location);
  const clean = path.replace(/\/{2,}/g, '/');
  if (clean === '') throw invalidLocation(location, 'it names no file');
  return { prefix: location.slice(0, location.length - path.length), path: clean };
}
