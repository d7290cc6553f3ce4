import type { BigIntStats } from 'node:fs';

/** Changes whenever the file is written anew: identity, size and time in nanoseconds. */
export function etagOf(found: BigIntStats): string {
  return `"${found.ino.toString(16)}-${found.size.toString(16)}-${found.mtimeNs.toString(16)}"`;
}
