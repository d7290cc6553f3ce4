import { describe, expect, it } from 'vitest';
import { bearer } from '../../../../src/catalog/rest/auth/bearer.ts';
import { bearerTokens } from '../../../../src/server/catalog/authenticate.ts';
import { proxiedCatalog } from '../../../support/proxied-catalog.ts';

const OWN = 'canary-of-the-server-0123';
const CALLERS = 'token-of-the-callers-0123';
const access = { authorization: `Bearer ${OWN}`, authenticate: bearerTokens([CALLERS]) };
const CONFIG = '/catalogs/main/v1/config';

describe('a proxy with credentials of its own', () => {
  it('lends them to those it knows, who never see them', async () => {
    const { connect, seen } = proxiedCatalog({
      upstream: { access },
      catalog: { authenticate: bearerTokens([OWN]) },
    });
    const catalog = await connect({ auth: bearer(CALLERS) });
    expect(await catalog.listNamespaces()).toEqual([]);
    for (const { headers } of seen) expect(headers.get('authorization')).toBe(`Bearer ${OWN}`);
    await expect(connect({ auth: bearer('another-token-0123456789') })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  it('asks nobody for those it does not know', async () => {
    const { send, seen } = proxiedCatalog({ upstream: { access } });
    for (const authorization of [undefined, 'Bearer wrong', `Basic ${CALLERS}`, `Bearer ${OWN}`]) {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const answer = await send('GET', CONFIG, headers);
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect(answer.text).not.toContain(OWN);
    }
    expect(seen).toEqual([]);
  });

  it('does not take a refusal of its own credentials for one of the caller’s', async () => {
    for (const status of [401, 419]) {
      const { send, faults } = proxiedCatalog({
        upstream: { access },
        fetch: async (request) => Response.json({ refused: request.headers.get('authorization') }, { status }),
      });
      const answer = await send('GET', CONFIG, { authorization: `Bearer ${CALLERS}` });
      expect([answer.status, answer.body.error.code]).toEqual([502, 502]);
      expect(answer.text).not.toContain(OWN);
      expect(faults).toHaveLength(1);
    }
  });

  it('issues no tokens', async () => {
    const { send, seen } = proxiedCatalog({ upstream: { access } });
    for (const path of ['/oauth/tokens', '/oauth/token%73', '/%6Fauth/tokens?x=1']) {
      const headers = { authorization: `Bearer ${CALLERS}` };
      expect((await send('POST', `/catalogs/main/v1${path}`, headers, 'grant_type=x')).status).toBe(501);
    }
    expect(seen).toEqual([]);
  });
});

describe('a proxy without', () => {
  it('passes on what the caller has, and what the catalog says to it', async () => {
    const { connect, send } = proxiedCatalog({ catalog: { authenticate: bearerTokens([CALLERS]) } });
    expect(await (await connect({ auth: bearer(CALLERS) })).listNamespaces()).toEqual([]);
    const refused = await send('GET', CONFIG);
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });
});
