/** Listings in pages: a token names the last item of the page before, so that changes between pages shift nothing. */
import { compareUtf8, fromBase64, toBase64, utf8 } from '../../util/encoding.ts';
import { badRequest } from './problem.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** Null: this is the last one. */
  readonly next: string | null;
}

export interface PageRequest {
  /** Undefined: everything is asked for at once; empty: the first page. */
  readonly token: string | undefined;
  readonly size: string | undefined;
  readonly maxSize: number;
}

/** @throws CatalogProblem 400 for a token or size that is none. */
export function pageOf<T>(items: readonly T[], nameOf: (item: T) => string, request: PageRequest): Page<T> {
  const sorted = items.toSorted((a, b) => compareUtf8(nameOf(a), nameOf(b)));
  const size = sizeOf(request);
  if (request.token === undefined) return { items: sorted, next: null };
  const after = request.token === '' ? null : readToken(request.token);
  const rest = after === null ? sorted : sorted.filter((item) => compareUtf8(nameOf(item), after) > 0);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  return { items: page, next: last === undefined || page.length === rest.length ? null : writeToken(nameOf(last)) };
}

function sizeOf({ size, maxSize }: PageRequest): number {
  if (size === undefined) return maxSize;
  if (!/^[1-9]\d*$/.test(size)) throw badRequest('pageSize is a whole number of at least 1');
  return Math.min(Number(size), maxSize);
}

function writeToken(name: string): string {
  return toBase64(utf8(name)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function readToken(token: string): string {
  try {
    const bytes = fromBase64(token.replaceAll('-', '+').replaceAll('_', '/'));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw badRequest('this pageToken is not one of this catalog', { cause });
  }
}
