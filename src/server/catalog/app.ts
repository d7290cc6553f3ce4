/** The Iceberg REST catalog protocol over any {@link Catalog}. */
import { type Context, Hono } from 'hono';
import { json } from './answer.ts';
import { durationText, endpointsOf, NOT_OFFERED } from './endpoints.ts';
import { tableOf } from './names.ts';
import { createNamespace, dropNamespace, listNamespaces, loadNamespace, updateNamespace } from './namespaces.ts';
import { type CatalogAppOptions, checkCatalogApp } from './options.ts';
import { pagesOf } from './pages.ts';
import type { PageRequest } from './paging.ts';
import { CatalogProblem, notOffered } from './problem.ts';
import { renewable } from './renewal.ts';
import { type Operation, Requests, refuse } from './requests.ts';
import {
  commitTable,
  commitTransaction,
  createTable,
  dropTable,
  listTables,
  loadCredentials,
  loadTable,
  registerTable,
  renameTable,
  tableExists,
  type Vend,
} from './tables.ts';

/**
 * Serves `/v1/config`, `/v1/namespaces…` to PyIceberg, Spark, DuckDB and all who speak the protocol. Mount it at a path
 * of its own (`app.route('/iceberg', catalogApp({ … }))`): it answers every path below `/v1`.
 *
 * What the catalog cannot do is answered 501 and is not in the configuration's `endpoints`. There is no token endpoint:
 * tokens come from elsewhere. An outcome that nobody knows is answered 5xx, never 409 or 404.
 * @throws TypeError for an option that there is not, or that cannot be.
 */
export function catalogApp(options: CatalogAppOptions): Hono {
  checkCatalogApp(options);
  const { origins = [], prefix = '', maxPageSize = 1000, vend } = options;
  const base = prefix === '' ? '/v1' : `/v1/${prefix}`;
  const namespace = `${base}/namespaces/:namespace` as const;
  const table = `${namespace}/tables/:table` as const;
  const requests = new Requests(options);
  const app = new Hono();

  const pageRequest = (context: Context): PageRequest => ({
    token: context.req.query('pageToken'),
    size: context.req.query('pageSize'),
    maxSize: maxPageSize,
  });
  const vendBy = ({ req }: Context): Vend =>
    vend && (async (found) => renewable(await vend(found, req.raw), found, base.slice(1)));
  const vendFor = (context: Context): Vend => {
    const asked = context.req.header('x-iceberg-access-delegation')?.split(',') ?? [];
    return asked.some((way) => way.trim().toLowerCase() === 'vended-credentials') ? vendBy(context) : undefined;
  };
  const nameOf = (context: Context) => context.req.param('namespace') ?? '';
  const identifierOf = (context: Context) => tableOf(nameOf(context), context.req.param('table') ?? '');

  app.use('/v1/*', ...pagesOf(origins));

  app.get('/v1/config', ({ req }) => requests.read(req.raw, () => config(options, req.query('warehouse'))));

  app.get(`${base}/namespaces`, (context) =>
    requests.read(context.req.raw, () => listNamespaces(context.req.query('parent'), pageRequest(context))),
  );
  app.post(`${base}/namespaces`, ({ req }) => requests.change(req.raw, createNamespace));
  app.get(namespace, (context) =>
    requests.read(context.req.raw, () => loadNamespace(nameOf(context), context.req.method === 'HEAD')),
  );
  app.post(`${namespace}/properties`, (context) =>
    requests.change(context.req.raw, (body) => updateNamespace(nameOf(context), body)),
  );
  app.delete(namespace, (context) => requests.change(context.req.raw, () => dropNamespace(nameOf(context))));

  app.get(`${namespace}/tables`, (context) =>
    requests.read(context.req.raw, () => listTables(nameOf(context), pageRequest(context))),
  );
  app.post(`${namespace}/tables`, (context) =>
    requests.change(context.req.raw, (body) => createTable(nameOf(context), body, vendFor(context))),
  );
  app.get(table, (context) =>
    requests.read(context.req.raw, () => {
      if (context.req.method === 'HEAD') return tableExists(identifierOf(context));
      return loadTable(identifierOf(context), {
        snapshots: context.req.query('snapshots'),
        ifNoneMatch: context.req.header('if-none-match') ?? null,
        vend: vendFor(context),
      });
    }),
  );
  app.post(table, (context) => requests.change(context.req.raw, (body) => commitTable(identifierOf(context), body)));
  app.delete(table, (context) =>
    requests.change(context.req.raw, () => dropTable(identifierOf(context), context.req.query('purgeRequested'))),
  );
  app.get(`${table}/credentials`, (context) =>
    requests.read(context.req.raw, () => loadCredentials(identifierOf(context), vendBy(context))),
  );
  app.post(`${base}/tables/rename`, ({ req }) => requests.change(req.raw, renameTable));
  app.post(`${namespace}/register`, (context) =>
    requests.change(context.req.raw, (body) => registerTable(nameOf(context), body, vendFor(context))),
  );

  app.post(`${base}/transactions/commit`, ({ req }) => requests.change(req.raw, commitTransaction));

  const methods = [
    ['/v1/config', 'GET, HEAD'],
    [`${base}/namespaces`, 'GET, HEAD, POST'],
    [namespace, 'GET, HEAD, DELETE'],
    [`${namespace}/tables`, 'GET, HEAD, POST'],
    [table, 'GET, HEAD, POST, DELETE'],
    [`${table}/credentials`, 'GET, HEAD'],
    ...['/tables/rename', '/transactions/commit'].map((path) => [base + path, 'POST'] as const),
    ...['/properties', '/register'].map((path) => [namespace + path, 'POST'] as const),
  ] as const;
  for (const [path, allow] of methods) {
    app.all(path, () => refuse(new CatalogProblem(405, 'BadRequestException', `this path takes ${allow}`, { allow })));
  }
  for (const [path, what] of NOT_OFFERED) app.all(base + path, () => refuse(notOffered(what)));
  app.all('/v1/oauth/tokens', () => refuse(notOffered('issue tokens; get one from its operator')));
  app.all('/v1/*', () => refuse(new CatalogProblem(404, 'NotFoundException', 'this catalog has nothing at this path')));
  return app;
}

function config(options: CatalogAppOptions, warehouse: string | undefined): Operation {
  const { defaults = {}, overrides = {}, prefix = '', idempotencyKeys, vend } = options;
  if (options.warehouse !== undefined && warehouse !== undefined && warehouse !== options.warehouse) {
    throw new CatalogProblem(404, 'NoSuchWarehouseException', 'this catalog has no such warehouse');
  }
  return {
    subject: { missing: 'namespace', shown: '', repeatable: true },
    run: async ({ capabilities }) =>
      json({
        defaults,
        overrides: prefix === '' ? overrides : { ...overrides, prefix },
        endpoints: endpointsOf(capabilities, vend !== undefined),
        ...(idempotencyKeys === undefined
          ? {}
          : { 'idempotency-key-lifetime': durationText(idempotencyKeys.lifetimeMs) }),
      }),
  };
}
