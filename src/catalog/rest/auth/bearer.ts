import { IcestreamError } from '../../../errors.ts';
import { type RestAuth, withHeader } from './auth.ts';

/** A token, or a function that gives the current one and is asked before every request. */
export type TokenSource = string | ((options: { readonly refused: boolean }) => string | Promise<string>);

/**
 * `Authorization: Bearer …`. With a function, a refused request (401, 419) asks it again with `refused: true` and is
 * sent once more.
 * @throws IcestreamError INVALID_ARGUMENT for an empty token or one with characters a header cannot carry.
 */
export function bearer(token: TokenSource): RestAuth {
  if (typeof token === 'string') check(token);
  let renewed: string | null = null;
  return {
    kind: 'bearer',
    advice: 'check that the token is right and has not expired',
    async authorize(request, { secrets }) {
      const current = renewed ?? (typeof token === 'string' ? token : check(await token({ refused: false })));
      renewed = null;
      secrets.add(current);
      return withHeader(request, 'authorization', `Bearer ${current}`);
    },
    async renew({ status }, { secrets }) {
      if (typeof token === 'string' || status === 403) return false;
      renewed = check(await token({ refused: true }));
      secrets.add(renewed);
      return true;
    },
  };
}

function check(token: string): string {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new IcestreamError(
      'INVALID_ARGUMENT',
      'the bearer token is empty or has characters a header cannot carry; check where it was read from',
      { option: 'token' },
    );
  }
  return token;
}
