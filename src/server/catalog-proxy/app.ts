/** Iceberg REST catalogs that browsers cannot reach by themselves, because they send no CORS headers. */
import { type Context, Hono } from 'hono';
import { routePath } from 'hono/route';
import { requireAccess } from '../catalog/authenticate.ts';
import { pagesOf } from '../catalog/pages.ts';
import { CatalogProblem, notOffered } from '../catalog/problem.ts';
import { refuse } from '../catalog/requests.ts';
import { logError } from '../on-error.ts';
import { forward } from './forward.ts';
import { type CatalogProxyOptions, type Upstream, upstreamsOf } from './options.ts';
import { upstreamUrl } from './upstream-url.ts';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'DELETE']);

/**
 * Passes `/{name}/v1/…` on to the catalog of that name, and nothing else anywhere: bodies as streams, headers of the
 * protocol, no redirects. Mount it at a path of its own (`app.route('/catalogs', catalogProxyApp({ … }))`); a client's
 * `uri` is then `https://app.example/catalogs/{name}`.
 *
 * What the proxy refuses itself is answered in the protocol's form: 400, 403, 404, 405, 413; 502 and 504 when the
 * upstream gave no answer that can be passed on, after which it may have done what was asked.
 * @throws TypeError, IcestreamError INVALID_ARGUMENT for an option that there is not, or that cannot be.
 */
export function catalogProxyApp(options: CatalogProxyOptions): Hono {
  const { origins = [] } = options;
  const app = new Hono();
  const pages = pagesOf(origins);
  const pass = async (context: Context, upstream: Upstream) => {
    const { raw } = context.req;
    if (!METHODS.has(raw.method)) {
      throw new CatalogProblem(405, 'BadRequestException', 'the protocol has no such method', {
        allow: [...METHODS].join(', '),
      });
    }
    // As many segments as the route has before its star are where this app is mounted, the name, and `v1`.
    const url = upstreamUrl(upstream, raw.url, routePath(context).split('/').length - 1);
    if (upstream.access !== undefined) {
      if (url === upstream.tokenEndpoint) throw notOffered('issue tokens; get one from its operator');
      await requireAccess(upstream.access.authenticate, raw);
    }
    return forward(raw, upstream, url, options);
  };

  for (const upstream of upstreamsOf(options)) {
    const path = `/${upstream.name}/v1/*`;
    app.use(path, ...pages);
    app.all(path, async (context) => {
      try {
        return await pass(context, upstream);
      } catch (error) {
        return refuse(problemOf(error, context, options));
      }
    });
  }
  app.all('/*', () => refuse(new CatalogProblem(404, 'NotFoundException', 'this proxy has nothing at this path')));
  return app;
}

/** What the client is told little of, the operator is told in full. */
function problemOf(error: unknown, context: Context, { onError = logError }: CatalogProxyOptions): CatalogProblem {
  const known = error instanceof CatalogProblem;
  if (!known || (error.status >= 500 && error.cause !== undefined)) {
    onError(known ? error.cause : error, { method: context.req.method, path: context.req.path });
  }
  return known ? error : new CatalogProblem(500, 'InternalServerError', 'the proxy failed; its log says why');
}
