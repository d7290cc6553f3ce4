/** The same suite against catalogs that no one here wrote. */
import { describe, expect, inject, it } from 'vitest';
import { RestCatalog } from '../../src/catalog/rest/rest-catalog.ts';
import { StoreCatalog } from '../../src/catalog/store/store-catalog.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { utf8 } from '../../src/util/encoding.ts';
import { catalogConformance, ORDERS } from '../conformance/catalog.ts';
import type { S3Access } from '../support/kit/s3-servers.ts';

const kit = inject('kit');

const s3Properties = (s3: S3Access) => ({
  's3.endpoint': s3.endpoint,
  's3.region': s3.region,
  's3.access-key-id': s3.accessKeyId,
  's3.secret-access-key': s3.secretAccessKey,
});

catalogConformance('Iceberg REST fixture', async () => ({
  catalog: await RestCatalog.connect({ uri: kit.restFixture.uri, properties: s3Properties(kit.versitygw) }),
  differences: {
    createsTablesInMissingNamespaces: 'its JdbcCatalog does not look for the namespace',
    refusesDotsInNamespaces: 'its JdbcCatalog joins the levels of a namespace with dots',
  },
}));

catalogConformance('Nessie', async () => ({
  catalog: await RestCatalog.connect({ uri: kit.nessie.uri, warehouse: kit.nessie.warehouse }),
  differences: {
    acceptsStaleNullRef: 'it does not enforce assert-ref-snapshot-id null',
    makesVersion3Version2: 'it knows format version 2 only and does not say so',
    listsTablesOfMissingNamespaces: 'a listing is a filter over its keys',
    refusesConcurrentNamespaceChanges: 'it answers 409 and leaves it to the client to try again',
    keepsOnlyCurrentSnapshot: 'the history is in its own commits',
  },
}));

for (const [name, s3] of Object.entries({ versitygw: kit.versitygw, minio: kit.minio })) {
  catalogConformance(`catalog on ${name}`, async () => {
    const { endpoint, region, bucket, ...credentials } = s3;
    const store = new S3Store({ endpoint, region, credentials });
    return { catalog: new StoreCatalog({ warehouse: `s3://${bucket}/store-catalog`, store }) };
  });
}

describe('table files', () => {
  const table = { namespace: [`files_${Date.now()}`], name: 't' };

  async function roundTrip(options: Parameters<typeof RestCatalog.connect>[0], suffix: string) {
    const catalog = await RestCatalog.connect(options);
    const namespace = [`${table.namespace[0]}_${suffix}`];
    await catalog.createNamespace(namespace);
    const { store, metadata } = await catalog.createTable({ namespace, name: 't' }, { schema: ORDERS });
    const location = `${metadata.location}/data/day=2026-11-21/a b+c%2F.bin`;
    await store.put(location, utf8('hello'));
    const loaded = await catalog.loadTable({ namespace, name: 't' });
    expect(new TextDecoder().decode(await loaded.store.read(location))).toBe('hello');
    expect((await loaded.store.delete([location])).failed).toEqual([]);
    expect(await loaded.store.stat(location)).toBeNull();
    return { catalog, loaded };
  }

  it('are reached with the credentials the fixture copies into the configuration', async () => {
    await roundTrip(
      {
        uri: kit.restVending.uri,
        accessDelegation: ['vended-credentials'],
        properties: { 's3.endpoint': kit.minio.endpoint, 's3.region': kit.minio.region },
      },
      'fixture',
    );
  });

  it('are reached with the credentials Nessie vends for the table, and only the table', async () => {
    const { loaded } = await roundTrip(
      { uri: kit.nessie.uri, warehouse: kit.nessie.warehouse, accessDelegation: ['vended-credentials'] },
      'vended',
    );
    const elsewhere = loaded.store.put(`s3://${kit.minio.bucket}/elsewhere/x`, utf8('x'));
    await expect(elsewhere).rejects.toMatchObject({ code: expect.stringMatching(/FORBIDDEN|UNAUTHENTICATED/) });
  });

  it('are reached with requests that Nessie signs, and only those of the table', async () => {
    const { loaded } = await roundTrip(
      { uri: kit.nessie.uri, warehouse: kit.nessie.warehouse, accessDelegation: ['remote-signing'] },
      'signed',
    );
    const elsewhere = loaded.store.put(`s3://${kit.minio.bucket}/elsewhere/x`, utf8('x'));
    await expect(elsewhere).rejects.toMatchObject({ code: expect.stringMatching(/FORBIDDEN|UNAUTHENTICATED/) });
  });

  it('are out of reach without storage settings, and the error says what to give', async () => {
    const catalog = await RestCatalog.connect({ uri: kit.restFixture.uri, accessDelegation: [] });
    const namespace = [`${table.namespace[0]}_none`];
    await catalog.createNamespace(namespace);
    const { store, metadata } = await catalog.createTable({ namespace, name: 't' }, { schema: ORDERS });
    await expect(store.put(`${metadata.location}/x`, utf8('x'))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('s3.access-key-id'),
    });
  });
});
