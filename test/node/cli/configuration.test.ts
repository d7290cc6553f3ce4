import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { catalogProperties, environmentProperties } from '../../../src/cli/configuration.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-configuration-'));
  const yaml = [
    'default-catalog: prod',
    'catalog:',
    '  prod:',
    '    uri: https://catalog.example/iceberg',
    '    warehouse: main',
    '    s3.region: eu-central-1',
    '  dev:',
    '    uri: http://127.0.0.1:8181',
  ];
  await writeFile(join(folder, '.pyiceberg.yaml'), yaml.join('\n'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const env = () => ({ PYICEBERG_HOME: folder });

it('takes the default catalog of the configuration file', async () => {
  const properties = await catalogProperties({}, env(), '/');
  expect(Object.fromEntries(properties)).toEqual({
    uri: 'https://catalog.example/iceberg',
    warehouse: 'main',
    's3.region': 'eu-central-1',
  });
});

it('lets the environment override the file, and flags override both', async () => {
  const variables = { ...env(), PYICEBERG_CATALOG__DEV__URI: 'http://127.0.0.1:9', PYICEBERG_CATALOG__DEV__TOKEN: 'a' };
  const properties = await catalogProperties({ catalog: 'dev', token: 'b' }, variables, '/');
  expect(Object.fromEntries(properties)).toEqual({ uri: 'http://127.0.0.1:9', token: 'b' });
});

it('reads values as text, whatever they look like, and does not tell letter cases apart, as PyIceberg', async () => {
  const home = await mkdtemp(join(folder, 'home-'));
  const yaml = ['Catalog:', '  Prod:', '    URI: https://catalog.example', '    token: 12345678901234567890'];
  await writeFile(join(home, '.pyiceberg.yaml'), [...yaml, '    s3.access-key-id: 0123', '    s3.x: yes'].join('\n'));
  const properties = await catalogProperties({ catalog: 'PROD' }, { PYICEBERG_HOME: home }, '/');
  expect(Object.fromEntries(properties)).toEqual({
    uri: 'https://catalog.example',
    token: '12345678901234567890',
    's3.access-key-id': '0123',
    's3.x': 'yes',
  });
});

it('spells environment names as PyIceberg does', () => {
  const variables = { PYICEBERG_CATALOG__MY_CAT__S3__ACCESS_KEY_ID: 'k', PYICEBERG_CATALOG__OTHER__URI: 'x' };
  expect(environmentProperties(variables, 'my-cat')).toEqual(new Map([['s3.access-key-id', 'k']]));
});

it('takes a folder by itself as a warehouse without a catalog service, whatever is configured', async () => {
  const properties = await catalogProperties({ warehouse: './lakehouse' }, env(), '/');
  expect(properties.get('uri')).toBeUndefined();
  expect(properties.get('warehouse')).toBe('./lakehouse');
});

it('takes a URL as the catalog itself, and AWS variables as the last resort', async () => {
  const flags = { catalog: 'http://127.0.0.1:1/x', property: ['s3.region=us-west-2', 'header.x=a=b'] };
  const properties = await catalogProperties(flags, { ...env(), AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'k' }, '/');
  expect(properties.get('uri')).toBe('http://127.0.0.1:1/x');
  expect(properties.get('s3.region')).toBe('us-west-2');
  expect(properties.get('s3.access-key-id')).toBe('k');
  expect(properties.get('header.x')).toBe('a=b');
});

it('names a catalog that is not configured, and says where to add it', async () => {
  await expect(catalogProperties({ catalog: 'nope' }, env(), '/')).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining("'nope'"),
  });
});
