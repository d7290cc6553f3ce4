/** The Worker: ingest into the tables of one bucket, and a page that lists them. */
import { WorkerEntrypoint } from 'cloudflare:workers';
import { Hono } from 'hono';
import { ingestApp } from 'icestream/server';
import { type Environment, keysOf, lakehouseOf } from './environment.ts';
import { tablesPage } from './tables-page.ts';

/** Of this isolate: they share its memory. */
let app: Hono | null = null;

function appOf(environment: Environment): Hono {
  if (app !== null) return app;
  const { ORIGINS = '', CREATE_TABLES, PUBLIC_PAGE } = environment;
  const { store, catalog } = lakehouseOf(environment);
  app = new Hono();
  app.route(
    '/',
    ingestApp({
      catalog,
      keys: keysOf(environment),
      origins: ORIGINS.split(',').filter((origin) => origin !== ''),
      createTables: CREATE_TABLES === 'true',
      spool: { store, location: `s3://${environment.BUCKET_NAME}/.icestream-spool` },
    }),
  );
  if (PUBLIC_PAGE === 'true') app.route('/', tablesPage(catalog));
  return app;
}

/** Also a service for other Workers: `env.LAKEHOUSE.fetch(request)`. */
export default class Lakehouse extends WorkerEntrypoint<Environment> {
  override async fetch(request: Request): Promise<Response> {
    return appOf(this.env).fetch(request);
  }
}
