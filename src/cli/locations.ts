/** Paths as people type them, and the locations that stores know. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A path of this machine as a `file:` location; locations stay as they are. */
export function toLocation(pathOrLocation: string): string {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(pathOrLocation)) return pathOrLocation;
  // Locations are not percent-encoded: all that `pathToFileURL` encodes is decoded, `#` and `?` too.
  return decodeURIComponent(pathToFileURL(resolve(pathOrLocation)).href);
}
