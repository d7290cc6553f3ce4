import type { RestAuth } from './auth.ts';

/** Sends no credentials. */
export function noAuth(): RestAuth {
  return {
    kind: 'none',
    advice: 'the catalog asks for credentials: give `auth`',
    authorize: async (request) => request,
    renew: async () => false,
  };
}
