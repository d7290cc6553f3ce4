/** Who may call. */
import { sameSecret } from '../constant-time.ts';
import { CatalogProblem } from './problem.ts';

/** `unknown`: no credentials, or wrong ones (401); `forbidden`: known, but not for this request (403). */
export type Access = 'allowed' | 'unknown' | 'forbidden';

/** Judges a request by its headers, method and address; its body must not be read. */
export type Authenticate = (request: Request) => Promise<Access>;

/**
 * For servers that only their own machine, or a gateway before them, can reach. A page in a browser on that machine can
 * call too, under any name that it makes resolve to it: have what stands before the app refuse other values of `Host`.
 */
export const anyone: Authenticate = async () => 'allowed';

/**
 * Who has one of these tokens, as `Authorization: Bearer …`. All are compared, in constant time.
 * @throws TypeError for an empty list, or a token of less than 16 characters.
 */
export function bearerTokens(tokens: readonly string[]): Authenticate {
  if (tokens.length === 0) throw new TypeError('tokens: give at least one');
  if (tokens.some((token) => token.length < 16)) throw new TypeError('tokens: a token needs 16 characters or more');
  return async (request) => {
    const [, given] = /^Bearer +(\S+) *$/i.exec(request.headers.get('authorization') ?? '') ?? [];
    if (given === undefined) return 'unknown';
    const same = await Promise.all(tokens.map((token) => sameSecret(token, given)));
    return same.includes(true) ? 'allowed' : 'unknown';
  };
}

/** @throws CatalogProblem 401, 403. */
export async function requireAccess(authenticate: Authenticate, request: Request): Promise<void> {
  const access = await authenticate(request);
  if (access === 'allowed') return;
  if (access === 'forbidden') {
    throw new CatalogProblem(403, 'ForbiddenException', 'you may not do this in this catalog');
  }
  throw new CatalogProblem(401, 'NotAuthorizedException', 'give a token of this catalog: Authorization: Bearer …', {
    'www-authenticate': 'Bearer',
  });
}
