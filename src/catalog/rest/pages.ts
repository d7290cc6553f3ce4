/** Lists that come in pages (REST OpenAPI: PageToken). */
import { IcestreamError } from '../../errors.ts';
import type { RestAnswer } from './client.ts';
import { parseAnswer } from './load-result.ts';

const MAX_PAGES = 100_000;

/** The bodies of all pages; the first is asked for with an empty token, which tells the server that paging is fine. */
export async function* listPages(
  fetchPage: (token: string) => Promise<RestAnswer>,
): AsyncIterable<Readonly<Record<string, unknown>>> {
  const seen = new Set<string>();
  let token = '';
  while (seen.size < MAX_PAGES) {
    const { text } = await fetchPage(token);
    const body = parseAnswer(text, "the catalog's list");
    yield body;
    const next = body['next-page-token'];
    if (typeof next !== 'string' || next === '') return;
    if (seen.has(next)) break;
    seen.add(next);
    token = next;
  }
  throw new IcestreamError('INVALID_RESPONSE', "the catalog's list does not end: its page tokens repeat");
}
