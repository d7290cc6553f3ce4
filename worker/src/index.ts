/** The Worker: ingest into the tables of one bucket, and a page that lists them. */
import { WorkerEntrypoint } from 'cloudflare:workers';
import { Hono } from 'hono';
import { parseIdentifier } from 'icestream';
import { answerOf, ingestApp, type LoadRequest, Loads } from 'icestream/server';
import { type Environment, keysOf, lakehouseOf } from './environment.ts';
import { tablesPage } from './tables-page.ts';

interface Isolate {
  readonly app: Hono;
  readonly loads: Loads;
}

/** Made once: what runs in an isolate shares its memory. */
let isolate: Isolate | null = null;

function isolateOf(environment: Environment): Isolate {
  if (isolate !== null) return isolate;
  const { ORIGINS = '', CREATE_TABLES, PUBLIC_PAGE } = environment;
  const { store, catalog } = lakehouseOf(environment);
  const options = {
    catalog,
    keys: keysOf(environment),
    origins: ORIGINS.split(',').filter((origin) => origin !== ''),
    createTables: CREATE_TABLES === 'true',
    spool: { store, location: `s3://${environment.BUCKET_NAME}/.icestream-spool` },
  };
  const loads = new Loads(options);
  const app = new Hono().route('/', ingestApp(options, loads));
  if (PUBLIC_PAGE === 'true') app.route('/', tablesPage(catalog));
  isolate = { app, loads };
  return isolate;
}

export default class Lakehouse extends WorkerEntrypoint<Environment> {
  override async fetch(request: Request): Promise<Response> {
    return isolateOf(this.env).app.fetch(request);
  }

  /** For other Workers with a service binding to this one, which need no key: `await env.LAKEHOUSE.append('web.visits', body, { contentType: 'text/csv' })`. */
  async append(
    table: string,
    body: ReadableStream<Uint8Array>,
    options: Pick<LoadRequest, 'contentType' | 'idempotencyKey' | 'create'>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const identifier = parseIdentifier(table);
    return answerOf(identifier, await isolateOf(this.env).loads.append({ identifier, body, ...options }));
  }
}
