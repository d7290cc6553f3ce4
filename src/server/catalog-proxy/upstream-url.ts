/** Where a request goes: below its upstream's base, whatever its path says. */
import { badRequest } from '../catalog/problem.ts';
import type { Upstream } from './options.ts';

/**
 * Of the address that was called, the path after its first `skip` segments, and the query. It is not parsed, which would
 * undo its dots and backslashes before they are seen.
 * @throws CatalogProblem 400.
 */
export function upstreamUrl({ base, tokenEndpoint }: Upstream, called: string, skip: number): URL {
  const [, pathname = '', search = ''] = /^[a-z]+:\/\/[^/?#]*([^?#]*)(\?[^#]*)?/i.exec(called) ?? [];
  const segments = pathname.split('/').slice(skip);
  if (segments.length === 0) throw badRequest('the path ends where its first name should be');
  const decoded = segments.map(decodeSegment);
  if (decoded.join('/') === 'oauth/tokens') return tokenEndpoint;
  const path = segments.join('/');
  const url = new URL(base);
  url.pathname = base.pathname + path;
  url.search = search;
  // What the checks above are for. Nothing that passed them comes here.
  const isBelow = url.origin === base.origin && url.pathname === base.pathname + path;
  if (!isBelow) throw badRequest('the path cannot be passed on');
  return url;
}

/** Stands between the levels of a namespace. */
const SEPARATOR = '\u001f';

/** @throws CatalogProblem 400 for a segment that is empty, or that a server which decodes it twice could take for a path. */
function decodeSegment(segment: string): string {
  let text: string;
  try {
    text = decodeURIComponent(segment);
  } catch (cause) {
    throw badRequest('the path has a % that does not begin an escape of UTF-8', { cause });
  }
  if (text === '' || text === '.' || text === '..') throw badRequest('the path has an empty or a dot segment');
  if (/[/\\]|%(2e|2f|5c)/i.test(text)) throw badRequest('the path has an encoded slash, backslash or dot');
  if (/\p{Cc}/u.test(text.replaceAll(SEPARATOR, ''))) throw badRequest('the path has a control character');
  return text;
}
