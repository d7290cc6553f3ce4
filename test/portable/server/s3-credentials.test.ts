/** Credentials that nobody remembers: what a session token says is what its holder may do. */
import { describe, expect, it } from 'vitest';
import {
  anyCredentials,
  staticCredentials,
  vendCredentials,
  vendedCredentials,
} from '../../../src/server/s3/credentials.ts';
import { allow } from '../../../src/server/s3/scope.ts';

const SECRET = 'a secret of thirty-two characters';
const options = { bucket: 'lake', prefix: 'tables/orders/', mode: 'read', expiresAtMs: 1_800_000_000_000 } as const;

describe('vended credentials', () => {
  it('are known again by the same secret and bucket, with what they are for', async () => {
    const vended = vendCredentials(SECRET, options);
    expect(vendCredentials(SECRET, options)).toEqual(vended);
    expect(await vendedCredentials(SECRET, 'lake')(vended.accessKeyId, vended.sessionToken)).toEqual({
      secret: vended.secretAccessKey,
      scope: { prefix: 'tables/orders/', mode: 'read' },
      expiresAtMs: options.expiresAtMs,
    });
  });

  it('are unknown once anything about them is another', async () => {
    const { accessKeyId, sessionToken } = vendCredentials(SECRET, options);
    const lookup = vendedCredentials(SECRET, 'lake');
    const other = vendCredentials(SECRET, { ...options, prefix: '' });
    const [claims = '', mac = ''] = sessionToken.split('.');
    const [otherClaims = ''] = other.sessionToken.split('.');
    expect(await vendedCredentials(`${SECRET}!`, 'lake')(accessKeyId, sessionToken)).toBeNull();
    expect(await vendedCredentials(SECRET, 'sea')(accessKeyId, sessionToken)).toBeNull();
    expect(await lookup(other.accessKeyId, sessionToken)).toBeNull();
    expect(await lookup(accessKeyId, null)).toBeNull();
    for (const bad of ['', '.', claims, `${claims}.`, `.${mac}`, `${otherClaims}.${mac}`, `${sessionToken}.x`]) {
      expect(await lookup(accessKeyId, bad), bad).toBeNull();
    }
  });

  it('do not tell the secret, nor one another', () => {
    const one = vendCredentials(SECRET, options);
    const two = vendCredentials(SECRET, { ...options, expiresAtMs: options.expiresAtMs + 1 });
    expect(JSON.stringify(one)).not.toContain(SECRET);
    expect(one.secretAccessKey).not.toBe(two.secretAccessKey);
    expect(one.accessKeyId).not.toBe(two.accessKeyId);
    expect(one.sessionToken).not.toContain(one.secretAccessKey);
  });

  it('need a long secret and a prefix that is a folder', () => {
    expect(() => vendCredentials('short', options)).toThrow(TypeError);
    expect(() => vendedCredentials('short', 'lake')).toThrow(TypeError);
    expect(() => vendCredentials(SECRET, { ...options, prefix: 'tables/orders' })).toThrow(/slash/);
    expect(() => vendCredentials(SECRET, { ...options, expiresAtMs: Number.NaN })).toThrow(/expiresAtMs/);
  });
});

it('fixed pairs come with no session token', async () => {
  const lookup = anyCredentials(staticCredentials({ one: 'secret' }), vendedCredentials(SECRET, 'lake'));
  expect(await lookup('one', null)).toEqual({ secret: 'secret' });
  expect(await lookup('one', 'token')).toBeNull();
  expect(await lookup('toString', null)).toBeNull();
  const { accessKeyId, sessionToken } = vendCredentials(SECRET, options);
  expect(await lookup(accessKeyId, sessionToken)).not.toBeNull();
});

it('a scope holds the keys of its folder, and reads only where it says so', () => {
  const grant = { secret: 's', scope: { prefix: 'a/b/', mode: 'read' } } as const;
  const denied = expect.objectContaining({ code: 'AccessDenied' });
  const codeOf = (access: 'read' | 'write', key: string) => {
    try {
      allow(grant, access, key);
      return null;
    } catch (error) {
      return error;
    }
  };
  expect(codeOf('read', 'a/b/c')).toBeNull();
  for (const key of ['', 'a/', 'a/b', 'a/bc', 'A/b/c']) expect(codeOf('read', key), key).toEqual(denied);
  expect(codeOf('write', 'a/b/c')).toEqual(denied);
});
