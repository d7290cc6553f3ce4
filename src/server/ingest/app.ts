/** Rows over HTTP into tables: a body becomes one snapshot, and the answer says which. */

import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import type { TableIdentifier } from '../../catalog/catalog.ts';
import { formatIdentifier, parseIdentifier } from '../../catalog/identifier.ts';
import { defaultWorld } from '../../util/world.ts';
import { logError } from '../on-error.ts';
import { refuseOtherOrigins } from '../origins.ts';
import { authenticate, checkKeys, requireTable } from './authenticate.ts';
import { findCommitted } from './commits.ts';
import { answerOf, Loads } from './loads.ts';
import { checkIngest, type IngestKey, type IngestOptions } from './options.ts';
import { answerProblem, RequestProblem } from './problem.ts';

const INGEST = '/v1/ingest/:namespace/:table';
const COMMITS = '/v1/commits/:id';
const OWN_PATHS = ['/v1/ingest/*', '/v1/commits/*'];

/**
 * `POST /v1/ingest/{namespace}/{table}?mode=append` and `GET /v1/commits/{id}?table={namespace}.{table}`; nested
 * namespaces are written with dots. A load is answered after its commit; when nobody can tell whether that was applied,
 * with 503 and the id to ask about. A load that is sent again with the same `Idempotency-Key` is applied once. The key is
 * a UUIDv7, of 36 characters, and stands in the snapshot's summary; any other is answered 400, `BAD_REQUEST`.
 * `create=true` creates a table that is not there, where the server allows it, partitioned by `partition=month(date)`
 * (repeated for further fields). `loads`: for callers within the program, which share their memory and number with those over HTTP.
 * @throws TypeError, IcestreamError INVALID_ARGUMENT for an option that there is not, or that cannot be.
 */
export function ingestApp(options: IngestOptions, loads = new Loads(options)): Hono<{ Variables: { table?: string } }> {
  checkIngest(options);
  const { origins = [], keys, world = defaultWorld, onError = logError } = options;
  checkKeys(keys);
  const app = new Hono<{ Variables: { table?: string } }>();
  const keyOf = (context: Context) => authenticate(keys, context.req.raw, world.now());

  app.onError((error, context) => {
    const answer = answerProblem(context, error, context.get('table') ?? '');
    const { method, path } = context.req;
    if (answer.status >= 500) onError(error, { method, path });
    return answer;
  });
  const refused = () => {
    throw new RequestProblem(403, 'ORIGIN_NOT_ALLOWED', 'pages of this origin may not call');
  };
  const pages = cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['authorization', 'content-type', 'content-encoding', 'idempotency-key'],
    exposeHeaders: ['location', 'retry-after'],
  });
  // Its own paths only: it may stand beside other apps.
  for (const path of OWN_PATHS) app.use(path, refuseOtherOrigins(origins, refused), pages);

  app.post(INGEST, async (context) => {
    checkPath(context.req.url);
    const key = await keyOf(context);
    const identifier = identifierOf(context.req.param('namespace'), context.req.param('table'));
    requireTable(key, identifier);
    context.set('table', formatIdentifier(identifier));
    const { mode = 'append', create = 'false', partition: _, ...unknown } = context.req.query();
    requireOnce(context, ['mode', 'create']);
    requireQuery(mode === 'append', `mode=${mode}: this server appends only`);
    requireQuery(create === 'true' || create === 'false', 'create is true or false');
    requireQuery(Object.keys(unknown).length === 0, 'the query knows mode, create and partition only');
    const { headers, body, signal } = context.req.raw;
    const length = headers.get('content-length');
    const result = await loads.append({
      identifier,
      body,
      contentType: headers.get('content-type'),
      contentEncoding: headers.get('content-encoding'),
      contentLength: length === null ? null : Number(length),
      idempotencyKey: headers.get('idempotency-key'),
      create: create === 'true' ? { partitionSpec: context.req.queries('partition') ?? [] } : null,
      signal,
    });
    return context.json(answerOf(identifier, result));
  });

  app.get(COMMITS, async (context) => {
    const key = await keyOf(context);
    requireOnce(context, ['table']);
    const named = context.req.query('table');
    const identifiers = named === undefined ? namedTables(key) : [parseIdentifier(named)];
    for (const identifier of identifiers) requireTable(key, identifier);
    return context.json(await findCommitted(await loads.catalog(), identifiers, context.req.param('id')));
  });

  app.all(INGEST, () => notAllowed('POST'));
  app.all(COMMITS, () => notAllowed('GET, HEAD'));
  for (const path of OWN_PATHS) {
    app.all(path, () => {
      throw new RequestProblem(404, 'NOT_FOUND', 'loads go to /v1/ingest/{namespace}/{table}');
    });
  }
  return app;
}

/** What is not decoded here would become part of a name. */
function checkPath(url: string): void {
  try {
    decodeURIComponent(new URL(url).pathname);
  } catch {
    throw new RequestProblem(400, 'BAD_REQUEST', 'the path has a % that does not begin an escape of UTF-8');
  }
}

function notAllowed(methods: string): never {
  throw new RequestProblem(405, 'METHOD_NOT_ALLOWED', `this path takes ${methods}`, { allow: methods });
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

/** Of two values, one would be left out without a word. */
function requireOnce({ req }: Context, names: readonly string[]): void {
  for (const name of names) requireQuery((req.queries(name) ?? []).length <= 1, `give ${name} once`);
}

function requireQuery(isRight: boolean, message: string): void {
  if (!isRight) throw new RequestProblem(400, 'BAD_REQUEST', message);
}
