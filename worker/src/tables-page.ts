/** A plain page of the tables there are. */
import { Hono } from 'hono';
import { html } from 'hono/html';
import { formatIdentifier, IcestreamError, type Namespace, type TableCatalog, type TableIdentifier } from 'icestream';

export function tablesPage(catalog: TableCatalog): Hono {
  const app = new Hono();
  app.get('/', async (context) => {
    const rows = [];
    for await (const identifier of tablesOf(catalog)) rows.push(await tableRow(catalog, identifier));
    return context.html(html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width" />
          <title>icestream</title>
          <link rel="icon" href="data:," />
          <style>
            :root { color-scheme: light dark; }
            body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
            table { border-collapse: collapse; width: 100%; }
            th, td { text-align: left; padding: 0.4rem 0.8rem 0.4rem 0; border-bottom: 1px solid #8899aa66; }
            th:first-child { width: 30%; }
            td { overflow-wrap: anywhere; }
            .number { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
          </style>
        </head>
        <body>
          <h1>Tables</h1>
          ${
            rows.length === 0
              ? html`<p>There is none yet. Load one: <code>curl -X POST /v1/ingest/demo/first?create=true …</code></p>`
              : html`<table>
                  <tr><th>table</th><th class="number">rows</th><th class="number">files</th><th>columns</th></tr>
                  ${rows}
                </table>`
          }
        </body>
      </html>`);
  });
  return app;
}

/** Those of all namespaces, the nested ones too. */
async function* tablesOf(catalog: TableCatalog, parent?: Namespace): AsyncGenerator<TableIdentifier> {
  for (const namespace of await catalog.listNamespaces(parent)) {
    yield* await catalog.listTables(namespace);
    yield* tablesOf(catalog, namespace);
  }
}

async function tableRow(catalog: TableCatalog, identifier: TableIdentifier) {
  const name = formatIdentifier(identifier);
  try {
    const { currentSnapshot, schema } = await catalog.loadTable(identifier);
    const total = (of: string) => (currentSnapshot === null ? '0' : currentSnapshot.summary?.[`total-${of}`]);
    return html`<tr>
      <td>${name}</td>
      <td class="number">${shownNumber(total('records'))}</td>
      <td class="number">${shownNumber(total('data-files'))}</td>
      <td>${schema.fields.map((field) => field.name).join(', ')}</td>
    </tr>`;
  } catch (error) {
    if (!(error instanceof IcestreamError)) throw error;
    // It was dropped meanwhile.
    if (error.code === 'NOT_FOUND') return '';
    return html`<tr><td>${name}</td><td></td><td></td><td>cannot be read: ${error.code}</td></tr>`;
  }
}

/** Summaries need not say it. */
function shownNumber(text: string | undefined): string {
  return text === undefined ? '' : Number(text).toLocaleString('en-US');
}
