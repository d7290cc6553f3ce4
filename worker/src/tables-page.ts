/** A plain page of the tables there are. */
import { Hono } from 'hono';
import { html } from 'hono/html';
import { formatIdentifier, type TableCatalog } from 'icestream';

export function tablesPage(catalog: TableCatalog): Hono {
  const app = new Hono();
  app.get('/', async (context) => {
    const rows = [];
    for (const namespace of await catalog.listNamespaces()) {
      for (const identifier of await catalog.listTables(namespace)) {
        const { currentSnapshot, schema } = await catalog.loadTable(identifier);
        rows.push(html`<tr>
          <td>${formatIdentifier(identifier)}</td>
          <td class="number">${Number(currentSnapshot?.summary?.['total-records'] ?? 0).toLocaleString('en-US')}</td>
          <td class="number">${currentSnapshot?.summary?.['total-data-files'] ?? '0'}</td>
          <td>${schema.fields.map(({ name }) => name).join(', ')}</td>
        </tr>`);
      }
    }
    return context.html(html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width" />
          <title>icestream</title>
          <style>
            body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #123; }
            table { border-collapse: collapse; width: 100%; }
            th, td { text-align: left; padding: 0.4rem 0.8rem; border-bottom: 1px solid #cde; }
            .number { text-align: right; font-variant-numeric: tabular-nums; }
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
