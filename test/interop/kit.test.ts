import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, it } from 'vitest';
import { s3OptionsFromProperties } from '../../src/storage/s3/properties.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { utf8 } from '../../src/util/encoding.ts';

const run = promisify(execFile);
const kit = inject('kit');

it('the catalogs of the kit answer', async () => {
  for (const uri of [kit.restFixture.uri, kit.restVending.uri, kit.nessie.uri]) {
    const response = await fetch(`${uri}/v1/config`);
    expect(response.status).toBe(200);
    expect(await response.json()).toHaveProperty('defaults');
  }
});

it('Nessie vends credentials that work inside the table and nowhere else', async () => {
  const base = `${kit.nessie.uri}/v1/main%7C${kit.nessie.warehouse}`;
  const post = async (path: string, body: unknown) => {
    const response = await fetch(`${base}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-iceberg-access-delegation': 'vended-credentials' },
      body: JSON.stringify(body),
    });
    expect(response.status, path).toBe(200);
    return response.json();
  };
  await post('/namespaces', { namespace: ['kit_vended'], properties: {} });
  const schema = { type: 'struct', fields: [{ id: 1, name: 'id', required: false, type: 'long' }] };
  const table = await post('/namespaces/kit_vended/tables', { name: 't', schema, 'stage-create': false });
  const config = new Map<string, string>(Object.entries(table.config));
  expect(config.get('s3.session-token')).toBeTypeOf('string');
  const store = new S3Store(s3OptionsFromProperties(config));
  const { location } = table.metadata;
  await store.put(`${location}/data/x`, utf8('x'));
  expect(await store.read(`${location}/data/x`)).toEqual(utf8('x'));
  const elsewhere = `s3://${kit.minio.bucket}/elsewhere/x`;
  await expect(store.put(elsewhere, utf8('x'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
});

it('Java reads what PyIceberg wrote', async () => {
  const { endpoint, accessKeyId, secretAccessKey, region } = kit.versitygw;
  const script = `
import sys, pyarrow as pa
from decimal import Decimal
from pyiceberg.catalog.rest import RestCatalog
catalog = RestCatalog('kit', **dict(a.split('=', 1) for a in sys.argv[1:]))
catalog.create_namespace('kit_check')
rows = pa.table({'id': pa.array([1, 2], pa.int64()), 'd': pa.array([Decimal('1.50'), None], pa.decimal128(9, 2)),
                 'l': pa.array([[1], []], pa.list_(pa.int32()))})
catalog.create_table('kit_check.t', schema=rows.schema).append(rows)
`;
  const properties = [
    `uri=${kit.restFixture.uri}`,
    `s3.endpoint=${endpoint}`,
    `s3.access-key-id=${accessKeyId}`,
    `s3.secret-access-key=${secretAccessKey}`,
  ];
  await run(kit.python, ['-c', script, ...properties]);
  const classPath = [kit.javaReader, join(kit.javaReader, 'lib', '*')].join(':');
  const { stdout } = await run('java', [
    ...['-Xmx384m', '-cp', classPath, 'ReadTable', 'rest', 'kit_check.t'],
    ...[...properties, `client.region=${region}`],
  ]);
  const [head, ...rows] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(head.schema).toContain('decimal(9, 2)');
  expect(rows).toEqual([
    { id: '1', d: '1.50', l: [1] },
    { id: '2', d: null, l: [] },
  ]);
});
