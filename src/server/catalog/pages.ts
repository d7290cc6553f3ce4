/** What pages in a browser may do with a catalog. */
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { refuseOtherOrigins } from '../origins.ts';
import { CatalogProblem } from './problem.ts';
import { refuse } from './requests.ts';

/**
 * Lets pages of these origins and the server's own call, and no other.
 * @throws TypeError for what is no origin.
 */
export function pagesOf(origins: readonly string[]): readonly [MiddlewareHandler, MiddlewareHandler] {
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new TypeError(`origins: ${JSON.stringify(origin)} is not an origin; write it as https://app.example`);
    }
  }
  const refused = () => refuse(new CatalogProblem(403, 'ForbiddenException', 'pages of this origin may not call'));
  const named = cors({
    origin: [...origins],
    allowMethods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowHeaders: [
      'authorization',
      'content-type',
      'idempotency-key',
      'if-none-match',
      'x-client-version',
      'x-iceberg-access-delegation',
    ],
    exposeHeaders: ['etag', 'retry-after', 'www-authenticate'],
    maxAge: 600,
  });
  return [refuseOtherOrigins(origins, refused), named];
}
