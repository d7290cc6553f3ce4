/** Whose settings and keys reach a table's files. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noAuth } from '../../../src/catalog/rest/auth/none.ts';
import { RestClient } from '../../../src/catalog/rest/client.ts';
import type { LoadResult } from '../../../src/catalog/rest/load-result.ts';
import { Secrets } from '../../../src/catalog/rest/scrub.ts';
import { signerAddress } from '../../../src/catalog/rest/storage/remote-signer.ts';
import {
  type S3Access,
  type TableStorageOptions,
  tableStorage,
} from '../../../src/catalog/rest/storage/table-storage.ts';
import { selectCredential } from '../../../src/catalog/rest/storage/vended-credentials.ts';
import { newTableMetadata } from '../../../src/spec/table-metadata-new.ts';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import { defaultRetryPolicy } from '../../../src/util/retry.ts';
import { defaultWorld } from '../../../src/util/world.ts';
import { ORDERS } from '../../conformance/catalog.ts';

const of = (properties: Record<string, string> = {}) => new Map(Object.entries(properties));
const KEYS = { 's3.access-key-id': 'vended', 's3.secret-access-key': 'vended-secret' };
const OWN = { 's3.access-key-id': 'own', 's3.secret-access-key': 'own-secret', 's3.endpoint': 'https://own.example' };

function open(
  result: Partial<LoadResult>,
  options: Partial<TableStorageOptions> = {},
  location = 's3://bucket/table',
  catalogUri = 'https://catalog.example.com',
) {
  const opened: S3Access[] = [];
  const openS3 = (access: S3Access) => {
    opened.push(access);
    return new MemoryStore('s3');
  };
  const client = new RestClient({
    uri: catalogUri,
    catalogUri,
    name: 'test',
    auth: noAuth(),
    secrets: new Secrets(),
    headers: {},
    world: defaultWorld,
    timeoutMs: 1000,
    retryPolicy: defaultRetryPolicy,
  });
  const metadata = newTableMetadata({ schema: ORDERS, location, uuid: crypto.randomUUID(), now: 1 });
  const store = tableStorage(
    {
      shown: 'a.t',
      result: { metadataLocation: null, metadata, config: of(), credentials: [], signing: null, ...result },
      renew: async () => [],
      signPath: '/v1/namespaces/a/tables/t/sign',
    },
    {
      stores: [],
      properties: of(),
      serverProperties: of(),
      delegated: true,
      allowedOrigins: [],
      client,
      world: defaultWorld,
      openS3,
      ownS3Store: () => openS3({ properties: options.properties ?? of(), credentials: null, signer: null }),
      ...options,
    },
  );
  return { store, opened };
}

describe('the store of a table', () => {
  it('has vended keys with the server’s endpoint', async () => {
    const endpoint = { 's3.endpoint': 'https://s3.example.com', 'client.region': 'eu-west-1', 'io-impl': 'x' };
    const { opened } = open({ config: of({ ...KEYS, ...endpoint }) });
    expect(opened).toHaveLength(1);
    expect(Object.fromEntries(opened[0]?.properties ?? [])).toEqual({
      's3.endpoint': 'https://s3.example.com',
      'client.region': 'eu-west-1',
    });
    expect(await opened[0]?.credentials?.()).toMatchObject({ accessKeyId: 'vended' });
  });

  it('prefers the list of credentials to the configuration', async () => {
    const { opened } = open({
      config: of({ ...KEYS, 's3.access-key-id': 'old style' }),
      credentials: [{ prefix: 's3://bucket/table', config: of(KEYS) }],
    });
    expect(await opened[0]?.credentials?.()).toMatchObject({ accessKeyId: 'vended' });
  });

  it('never takes the caller’s keys to an endpoint the server names', () => {
    const server = { 's3.endpoint': 'https://evil.example' };
    const { opened } = open({ config: of(server) }, { properties: of(OWN), serverProperties: of(server) });
    expect(opened).toHaveLength(1);
    expect(opened[0]?.properties.get('s3.endpoint')).toBe('https://own.example');
    const { 's3.endpoint': _, ...keysAlone } = OWN;
    const without = open({ config: of(server) }, { properties: of(keysAlone), serverProperties: of(server) });
    expect(without.opened[0]?.properties.has('s3.endpoint')).toBe(false);
  });

  it('takes vended keys to the caller’s endpoint, and no keys of the caller along', () => {
    const { opened } = open({ config: of({ ...KEYS, 's3.endpoint': 'http://x' }) }, { properties: of(OWN) });
    expect(Object.fromEntries(opened[0]?.properties ?? [])).toEqual({ 's3.endpoint': 'https://own.example' });
  });

  it('is not asked of the server unless the caller delegates', () => {
    const { opened } = open({ config: of(KEYS) }, { properties: of(OWN), delegated: false });
    expect(opened[0]).toMatchObject({ credentials: null, signer: null });
    expect(opened[0]?.properties.get('s3.access-key-id')).toBe('own');
  });

  it.each(['http://s3.example.com', 'https://127.0.0.1:9000', 'http://localhost:1', 'ftp://x', 'https://u:p@x', 'x'])(
    'is refused at %s, named by a catalog on the network',
    (endpoint) => {
      const bad = () => open({ config: of({ ...KEYS, 's3.endpoint': endpoint }) });
      expect(bad).toThrow(
        expect.objectContaining({
          code: 'INVALID_RESPONSE',
          place: expect.objectContaining({ option: 's3.endpoint' }),
        }),
      );
    },
  );

  it('may be on this machine when the catalog is', () => {
    const config = of({ ...KEYS, 's3.endpoint': 'http://127.0.0.1:9000' });
    expect(open({ config }, {}, 's3://bucket/t', 'http://localhost:8181').opened).toHaveLength(1);
  });

  it('is the one the caller gave for its location', () => {
    const mine = new MemoryStore('lake');
    const { store, opened } = open({ config: of(KEYS) }, { stores: [mine] }, 'memory://lake/t');
    expect(store.serves('memory://lake/t/x')).toBe(true);
    expect(opened).toEqual([]);
  });

  it('says what to give when there is none', async () => {
    await expect(open({}).store.stat('s3://bucket/table/x')).rejects.toThrow(/vended no storage credentials/);
    await expect(open({}, {}, 'abfss://x/y').store.stat('x')).rejects.toThrow(/give a store for abfss locations/);
  });
});

describe('a credential', () => {
  const among = (...prefixes: string[]) => prefixes.map((prefix) => ({ prefix }));

  it('is chosen by the longest prefix on path boundaries', () => {
    const credentials = among('s3', 's3://b/', 's3://b/foo', 's3://b/foo/data/');
    const chosen = (location: string) => selectCredential(credentials, location)?.prefix;
    expect(chosen('s3://b/foo/data/x')).toBe('s3://b/foo/data/');
    expect(chosen('s3a://b/foo/x')).toBe('s3://b/foo');
    expect(chosen('s3://b/foobar/x')).toBe('s3://b/');
    expect(chosen('s3://bb/x')).toBe('s3');
    expect(selectCredential(among('s3://b/foo'), 's3://b/foobar')).toBeNull();
    expect(selectCredential(among('gs://b'), 's3://b/x')).toBeNull();
  });

  it('never reaches outside its prefix', () => {
    const part = fc.stringMatching(/^[a-z]{1,3}$/);
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 4 }),
        fc.array(part, { minLength: 1, maxLength: 4 }),
        (p, l) => {
          const prefix = `s3://${p.join('/')}`;
          const location = `s3://${l.join('/')}`;
          const isInside = p.every((name, index) => l[index] === name);
          expect(selectCredential([{ prefix }], location) !== null).toBe(isInside);
        },
      ),
    );
  });
});

describe('a remote signer', () => {
  const address = (config: Record<string, string>, allowedOrigins: string[] = []) =>
    signerAddress({
      config: of(config),
      catalogUri: 'https://catalog.example.com/api',
      defaultPath: '/v1/sign',
      allowedOrigins,
      shown: 'a.t',
    });

  it('is at the catalog', () => {
    const own = { uri: 'https://catalog.example.com/api', path: '/v1/sign' };
    expect(address({})).toEqual(own);
    expect(
      address({ 's3.signer.uri': 'https://catalog.example.com/x/', 's3.signer.endpoint': '/v1/aws/s3/sign?a=b' }),
    ).toEqual({
      uri: 'https://catalog.example.com',
      path: '/x/v1/aws/s3/sign?a=b',
    });
    expect(address({ 'signer.endpoint': 'sign' })).toEqual({ uri: 'https://catalog.example.com', path: '/api/sign' });
  });

  it.each([
    ['s3.signer.uri', 'https://evil.example'],
    ['s3.signer.endpoint', 'https://evil.example/sign'],
    ['s3.signer.uri', 'https://catalog.example.com.evil.example'],
    ['s3.signer.uri', 'https://catalog.example.com:444'],
    ['s3.signer.uri', 'http://catalog.example.com'],
  ])('elsewhere is refused: %s=%s', (key, value) => {
    expect(() => address({ [key]: value })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/INVALID_(RESPONSE|ARGUMENT)/) }),
    );
  });

  it('elsewhere is fine when the caller says so', () => {
    expect(address({ 's3.signer.uri': 'https://sign.example' }, ['https://sign.example'])).toEqual({
      uri: 'https://sign.example',
      path: '/v1/sign',
    });
  });
});
