import type { MiddlewareHandler } from 'hono';

/** A browser's page that is not named gets no answer, not even one that it may not read. */
export function refuseOtherOrigins(origins: readonly string[], refuse: () => Response): MiddlewareHandler {
  return async (context, next) => {
    const origin = context.req.header('origin');
    if (origin === undefined || origins.includes(origin)) return next();
    return refuse();
  };
}
