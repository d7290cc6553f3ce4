import type { MiddlewareHandler } from 'hono';

/**
 * A browser's page that is not named gets no answer, not even one that it may not read. The server's own pages may call:
 * browsers send their origin with every POST. Behind a proxy that changes the host or ends TLS, the origin that pages
 * have is not in the request's URL: name it.
 */
export function refuseOtherOrigins(origins: readonly string[], refuse: () => Response): MiddlewareHandler {
  return async (context, next) => {
    const origin = context.req.header('origin');
    if (origin === undefined || origins.includes(origin)) return next();
    // `null`, of pages without an origin, is that of no server.
    if (origin === new URL(context.req.url).origin) return next();
    return refuse();
  };
}
