/** Rows over HTTP into tables: a body becomes one snapshot, and the answer says which. */
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import type { TableIdentifier } from '../../catalog/catalog.ts';
import { formatIdentifier, parseIdentifier } from '../../catalog/identifier.ts';
import { defaultWorld } from '../../util/world.ts';
import { authenticate, requireTable } from './authenticate.ts';
import { findCommitted } from './commits.ts';
import { answerOf, Loads } from './loads.ts';
import type { IngestKey, IngestOptions } from './options.ts';
import { answerProblem, RequestProblem } from './problem.ts';

/**
 * `POST /v1/ingest/{namespace}/{table}?mode=append` and `GET /v1/commits/{id}?table={namespace}.{table}`; nested
 * namespaces are written with dots. A load is answered after its commit; when nobody can tell whether that was applied,
 * with 503 and the id to ask about. A load that is sent again with the same `Idempotency-Key` (a UUIDv7) is applied once.
 */
export function ingestApp(options: IngestOptions): Hono {
  const { origins = [], keys, world = defaultWorld } = options;
  const app = new Hono();
  const loads = new Loads(options);
  const keyOf = (context: Context) => authenticate(keys, context.req.raw, world.now());

  app.use(refuseOtherOrigins(origins));
  app.use(
    cors({
      origin: [...origins],
      allowMethods: ['GET', 'POST'],
      allowHeaders: ['authorization', 'content-type', 'content-encoding', 'idempotency-key'],
      exposeHeaders: ['location', 'retry-after'],
    }),
  );

  app.post('/v1/ingest/:namespace/:table', async (context) => {
    let table = '';
    try {
      const key = await keyOf(context);
      const identifier = identifierOf(context.req.param('namespace'), context.req.param('table'));
      table = formatIdentifier(identifier);
      requireTable(key, identifier);
      const { mode = 'append', create = 'false', ...unknown } = context.req.query();
      requireQuery(mode === 'append', `mode=${mode}: this server appends only`);
      requireQuery(create === 'true' || create === 'false', 'create is true or false');
      requireQuery(Object.keys(unknown).length === 0, 'the query knows mode and create only');
      return context.json(answerOf(identifier, await loads.append(context.req.raw, identifier, create === 'true')));
    } catch (error) {
      return answerProblem(context, error, (id) => `/v1/commits/${id}?table=${encodeURIComponent(table)}`);
    }
  });

  app.get('/v1/commits/:id', async (context) => {
    try {
      const key = await keyOf(context);
      const named = context.req.query('table');
      const identifiers = named === undefined ? namedTables(key) : [parseIdentifier(named)];
      for (const identifier of identifiers) requireTable(key, identifier);
      return context.json(await findCommitted(await loads.catalog(), identifiers, context.req.param('id')));
    } catch (error) {
      return answerProblem(context, error, () => '');
    }
  });
  return app;
}

/** A browser's page that is not named gets no answer, not even one that it may not read. */
function refuseOtherOrigins(origins: readonly string[]): MiddlewareHandler {
  return async (context, next) => {
    const origin = context.req.header('origin');
    if (origin === undefined || origins.includes(origin)) return next();
    return answerProblem(
      context,
      new RequestProblem(403, 'ORIGIN_NOT_ALLOWED', 'pages of this origin may not call'),
      () => '',
    );
  };
}

function identifierOf(namespace: string, name: string): TableIdentifier {
  return parseIdentifier({ namespace: namespace.split('.'), name });
}

/** The tables that a key names one by one. */
function namedTables({ tables }: IngestKey): TableIdentifier[] {
  const named = tables.filter((pattern) => !pattern.endsWith('.*'));
  requireQuery(named.length > 0, 'say in which table: ?table=namespace.table');
  return named.map((name) => parseIdentifier(name));
}

function requireQuery(isRight: boolean, message: string): void {
  if (!isRight) throw new RequestProblem(400, 'BAD_REQUEST', message);
}
