import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePrefix, parseDurationMs, readServerConfig } from '../../../src/catalog/rest/server-config.ts';

const read = (body: unknown, client: Record<string, string> = {}) =>
  readServerConfig(body, new Map(Object.entries(client)));

describe("a server's configuration", () => {
  it('goes under and over that of the client', () => {
    const body = { defaults: { prefix: 'd', 's3.region': 'r1' }, overrides: {} };
    expect(read(body).prefix).toBe('d');
    expect(read(body, { prefix: 'c' }).prefix).toBe('c');
    expect(read({ ...body, overrides: { prefix: 'o' } }, { prefix: 'c' }).prefix).toBe('o');
  });

  it('sets nothing that is not on the list, and says what it left out', () => {
    const evil = {
      uri: 'https://evil.example',
      token: 't',
      credential: 'a:b',
      'oauth2-server-uri': 'https://evil.example/token',
      'rest.sigv4-enabled': 'true',
      'rest.auth.type': 'none',
      's3.signer.uri': 'https://evil.example',
      's3.signer': 'S3V4RestSigner',
      'header.Authorization': 'x',
      'io-impl': 'x',
      's3.access-key-id': 'x',
      __proto__: 'x',
    };
    const config = read({ defaults: evil, overrides: { ...evil, 's3.endpoint': 'https://s3.example' } });
    expect(config.storage).toEqual(new Map([['s3.endpoint', 'https://s3.example']]));
    expect(config.prefix).toBe('');
    expect(config.ignored).toContain('uri');
    expect(config.ignored).toContain('token');
    expect(config.ignored).not.toContain('s3.endpoint');
    expect(Object.keys(config)).toEqual([
      'prefix',
      'namespaceSeparator',
      'endpoints',
      'idempotencyKeyLifetimeMs',
      'storage',
      'ignored',
    ]);
  });

  it('tells endpoints, separator and how long idempotency keys are remembered', () => {
    const config = read({
      defaults: {},
      overrides: { 'namespace-separator': '%2E' },
      endpoints: ['GET /v1/config', 3],
      'idempotency-key-lifetime': 'PT30M',
    });
    expect(config.endpoints).toEqual(new Set(['GET /v1/config']));
    expect(config.namespaceSeparator).toBe('%2E');
    expect(config.idempotencyKeyLifetimeMs).toBe(1_800_000);
    expect(read({}).namespaceSeparator).toBe('%1F');
    expect(read({ defaults: { 'namespace-separator': '\u001f' } }).namespaceSeparator).toBe('%1F');
  });

  it.each([null, [], 'x', { defaults: 3 }, { overrides: [] }])('is refused when it is %j', (body) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ code: 'INVALID_RESPONSE' }));
  });

  it.each(['a/b', '..', '//', '?'])('is refused with the separator %j, or it is encoded', (separator) => {
    const body = { defaults: { 'namespace-separator': separator } };
    if (separator === '?') expect(read(body).namespaceSeparator).toBe('%3F');
    else if (separator === '..') expect(read(body).namespaceSeparator).toBe('..');
    else expect(() => read(body)).toThrow(expect.objectContaining({ code: 'INVALID_RESPONSE' }));
  });
});

describe('a prefix', () => {
  it.each([
    ['main%7Cwarehouse', 'main%7Cwarehouse'],
    ['main|warehouse', 'main%7Cwarehouse'],
    ['catalogs/123456789012', 'catalogs/123456789012'],
    ['arn%3Aaws%3As3tables%3Aus-east-1%3A1%3Abucket%2Fb', 'arn%3Aaws%3As3tables%3Aus-east-1%3A1%3Abucket%2Fb'],
    ['/a b/', 'a%20b'],
    ['100%', '100%25'],
    ['é?#', '%C3%A9%3F%23'],
  ])('%j stands in a path as %j', (prefix, encoded) => {
    expect(encodePrefix(prefix)).toBe(encoded);
  });

  it.each(['..', 'a/../b', 'a/%2e%2E', '.'])('is refused with a dot segment: %j', (prefix) => {
    expect(() => encodePrefix(prefix)).toThrow(expect.objectContaining({ code: 'INVALID_RESPONSE' }));
  });

  it('is left alone by URL once it is encoded, and by a second encoding', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        let encoded: string;
        try {
          encoded = encodePrefix(text);
        } catch {
          return;
        }
        expect(new URL(`https://h/v1/${encoded}/x`).pathname).toBe(`/v1/${encoded}/x`);
        expect(encodePrefix(encoded)).toBe(encoded);
      }),
    );
  });
});

it.each([
  ['PT30M', 1_800_000],
  ['PT24H', 86_400_000],
  ['P1DT1.5S', 86_401_500],
  ['P', null],
  ['30', null],
  ['P1M', null],
])('the duration %j is %j ms', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});
