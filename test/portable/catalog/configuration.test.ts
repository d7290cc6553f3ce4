import { describe, expect, it } from 'vitest';
import { catalogKind } from '../../../src/catalog/catalog-kind.ts';
import { authFromProperties, restOptionsFromProperties } from '../../../src/catalog/configuration.ts';

const of = (properties: Record<string, string>) => new Map(Object.entries(properties));
const uri = 'https://catalog.example.com';

describe('the kind of catalog', () => {
  it.each([
    [{ uri }, 'rest'],
    [{ type: 'REST', uri: 'http://localhost:8181' }, 'rest'],
    [{ uri, warehouse: 's3://b/w' }, 'rest'],
    [{ warehouse: './lakehouse' }, 'store'],
  ])('of %j is %s', (properties, kind) => {
    expect(catalogKind(of(properties as Record<string, string>))).toBe(kind);
  });

  it.each([{ type: 'glue' }, { type: 'sql', uri: 'sqlite:///x' }, { uri: 'thrift://h:1' }])(
    '%j is refused',
    (properties) => {
      expect(() => catalogKind(of(properties as Record<string, string>))).toThrow(
        expect.objectContaining({ code: 'UNSUPPORTED' }),
      );
    },
  );

  it('must be told', () => {
    expect(() => catalogKind(of({}))).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('PyIceberg properties', () => {
  it('become options', () => {
    const options = restOptionsFromProperties(
      of({
        uri,
        warehouse: 'w',
        prefix: 'p',
        'header.X-Team': 'data',
        'header.X-Iceberg-Access-Delegation': 'vended-credentials, remote-signing',
        's3.endpoint': 'https://s3.example.com',
        'client.region': 'eu-west-1',
        'snapshot-loading-mode': 'refs',
        'py-io-impl': 'ignored',
      }),
    );
    expect(options).toMatchObject({
      uri,
      warehouse: 'w',
      headers: { 'x-team': 'data' },
      accessDelegation: ['vended-credentials', 'remote-signing'],
      snapshots: 'refs',
      properties: { prefix: 'p', 's3.endpoint': 'https://s3.example.com', 'client.region': 'eu-west-1' },
      auth: { kind: 'none' },
    });
    expect(options.properties).not.toHaveProperty('py-io-impl');
  });

  it.each([
    [{ token: 't' }, 'bearer'],
    [{ credential: 'id:secret', token: 't' }, 'oauth2'],
    [{ credential: 'secret', 'oauth2-server-uri': 'https://idp.example.com/token', scope: 's' }, 'oauth2'],
    [
      { 'rest.sigv4-enabled': 'true', 'client.access-key-id': 'a', 'client.secret-access-key': 'b', token: 't' },
      'sigv4',
    ],
    [{ 'rest.sigv4-enabled': 'True', 's3.access-key-id': 'a', 's3.secret-access-key': 'b' }, 'sigv4'],
    [{ 'rest.sigv4-enabled': 'false' }, 'none'],
  ])('%j authenticate by %s', (properties, kind) => {
    expect(authFromProperties(of(properties as Record<string, string>)).kind).toBe(kind);
  });

  it.each([
    [{}, 'uri'],
    [{ uri, 'rest.sigv4-enabled': 'true' }, 'client.access-key-id'],
    [{ uri, 'rest.sigv4-enabled': 'yes' }, 'rest.sigv4-enabled'],
    [{ uri, 'header.x-iceberg-access-delegation': 'both' }, 'header.x-iceberg-access-delegation'],
    [{ uri, 'ssl.cabundle': '/x' }, 'ssl.cabundle'],
    [{ uri, credential: 'id:' }, 'clientSecret'],
    [{ uri, token: 'a\nb' }, 'token'],
  ])('%j are refused, naming %s', (properties, option) => {
    const read = () => restOptionsFromProperties(of(properties as Record<string, string>));
    expect(read).toThrow(expect.objectContaining({ place: { option } }));
  });
});
