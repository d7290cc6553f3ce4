/** File name patterns over a store's listing. */
import { IcestreamError } from '../errors.ts';
import type { Store } from '../storage/store.ts';
import { compareUtf8 } from '../util/encoding.ts';

export interface GlobbedObject {
  readonly location: string;
  readonly sizeBytes: number;
}

const SPECIAL = /[*?[{]/;

/**
 * Objects whose location matches, in the order of their UTF-8 bytes. `*` and `?` stay within a folder, `**` crosses
 * folders (`data/**` then `/*.parquet` matches files of `data` itself too), `[a-z]` is one character of a set, `{a,b}` one of
 * several. Names that begin with `_` or `.` (folders too) match only where the pattern writes that character.
 * @throws IcestreamError SOURCE_EMPTY when nothing matches; UNSUPPORTED for a store that does not list.
 */
export async function expandGlob(store: Store, pattern: string, signal?: AbortSignal): Promise<GlobbedObject[]> {
  if (!store.capabilities.list) {
    throw new IcestreamError('UNSUPPORTED', `${pattern}: this store does not list; name the files one by one`, {
      file: pattern,
    });
  }
  const prefix = pattern.slice(0, Math.max(0, pattern.search(SPECIAL)));
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const matches = globMatcher(pattern);
  const found: GlobbedObject[] = [];
  for await (const { location, sizeBytes } of store.list(folder, signal === undefined ? {} : { signal })) {
    if (!location.endsWith('/') && matches(location)) found.push({ location, sizeBytes });
  }
  if (found.length === 0) {
    throw new IcestreamError('SOURCE_EMPTY', `no file matches ${pattern}`, { file: pattern });
  }
  return found.sort((a, b) => compareUtf8(a.location, b.location));
}

/** A test for whole locations. */
export function globMatcher(pattern: string): (location: string) => boolean {
  const expression = new RegExp(`^${translate(pattern)}$`, 'su');
  return (location) => expression.test(location);
}

function translate(pattern: string): string {
  let out = '';
  let depth = 0;
  for (let i = 0; i < pattern.length; ) {
    const rest = pattern.slice(i);
    const atStart = i > 0 && pattern[i - 1] === '/';
    if (rest.startsWith('**/')) {
      out += atStart ? '(?:(?![._])[^/]+/)*' : '.*/';
      i += 3;
    } else if (rest.startsWith('**')) {
      out += atStart ? '(?:(?![._])[^/]+/)*(?![._])[^/]*' : '.*';
      i += 2;
    } else if (rest.startsWith('*')) {
      out += atStart ? '(?![._])[^/]*' : '[^/]*';
      i += 1;
    } else if (rest.startsWith('?')) {
      out += atStart ? '(?![._])[^/]' : '[^/]';
      i += 1;
    } else if (rest.startsWith('{')) {
      out += '(?:';
      depth += 1;
      i += 1;
    } else if (depth > 0 && (rest.startsWith(',') || rest.startsWith('}'))) {
      out += rest.startsWith(',') ? '|' : ')';
      if (rest.startsWith('}')) depth -= 1;
      i += 1;
    } else {
      const set = /^\[([!^]?)(\]?[^\]]+)\]/.exec(rest);
      const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
      if (set === null) {
        out += literal(character);
        i += character.length;
      } else {
        out += `(?!/)[${set[1] === '' ? '' : '^'}${(set[2] ?? '').replace(/[\\\]^[]/g, '\\$&')}]`;
        i += set[0].length;
      }
    }
  }
  if (depth === 0) return out;
  throw new IcestreamError('INVALID_ARGUMENT', `${pattern}: a { in the pattern is not closed`, { file: pattern });
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
