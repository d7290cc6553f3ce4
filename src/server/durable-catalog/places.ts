/** Names a catalog takes, and where it lets tables be. */
import type { Namespace, TableIdentifier } from '../../catalog/catalog.ts';
import { IcestreamError } from '../../errors.ts';
import { isWithin, parseLocation, printable } from '../../util/location.ts';

const MAX_NAME_LENGTH = 255;

/** @throws IcestreamError INVALID_ARGUMENT. */
export function checkNames(names: readonly string[]): void {
  for (const name of names) {
    const fault = nameFault(name);
    if (fault === null) continue;
    throw new IcestreamError('INVALID_ARGUMENT', `the name "${printable(name, 60)}" cannot be used: it ${fault}`);
  }
}

function nameFault(name: string): string | null {
  if (name === '') return 'is empty';
  if (name === '.' || name === '..') return 'is a dot segment';
  if (/\p{Cc}/u.test(name)) return 'has a control character';
  if (!name.isWellFormed()) return 'has half of a surrogate pair';
  return name.length > MAX_NAME_LENGTH ? `is longer than ${MAX_NAME_LENGTH} characters` : null;
}

/**
 * A folder for a new table that none had before: names come back after a rename or a drop, and the files of two tables
 * must not mix.
 */
export function newFolder(warehouse: string, { namespace, name }: TableIdentifier, uuid: string): string {
  return [warehouse, ...namespace.map(segment), `${segment(name)}-${uuid.replaceAll('-', '')}`].join('/');
}

/**
 * `location` without a slash at its end.
 * @throws IcestreamError INVALID_ARGUMENT for one outside the warehouse, to whose files a client could so get access.
 */
export function checkFolder(warehouse: string, location: string): string {
  parseLocation(location);
  const folder = location.replace(/\/+$/, '');
  if (isWithin(folder, warehouse) && folder !== warehouse) return folder;
  throw new IcestreamError(
    'INVALID_ARGUMENT',
    `the location ${printable(location)} is not in the warehouse ${warehouse}; leave it out, or choose one below that`,
    { option: 'location' },
  );
}

/** Only letters that mean the same in every store, URL and engine. */
function segment(name: string): string {
  return name
    .replace(/[^\w.=-]/g, '_')
    .replace(/^\.+$/, '_')
    .slice(0, 100);
}

export function namesOf({ namespace, name }: TableIdentifier): Namespace {
  return [...namespace, name];
}
