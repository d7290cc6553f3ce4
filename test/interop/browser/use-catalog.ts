/** What a page does with a catalog; the test calls it in a browser. */
import { bearer, fromAny, RestCatalog } from 'icestream';

export interface PageRequest {
  readonly uri: string;
  readonly table: string;
  readonly properties: Readonly<Record<string, string>>;
}

/** Creates a table with two rows, appends one, and reads them back. */
export async function useCatalog({ uri, table, properties }: PageRequest): Promise<readonly string[]> {
  const catalog = await RestCatalog.connect({
    uri,
    properties,
    auth: bearer('token-of-the-page'),
    timeoutMs: 20_000,
  });
  await catalog.createNamespace(table.split('.')[0] ?? '');
  const rows = (...ids: bigint[]) => fromAny(ids.map((id) => ({ id, name: `row ${id}` })));
  await catalog.createAndAppend(table, rows(1n, 2n));
  await (await catalog.loadTable(table)).append(rows(3n));
  const read: string[] = [];
  for await (const { id, name } of (await catalog.loadTable(table)).scan().rows()) read.push(`${id} ${name}`);
  return read.sort();
}
