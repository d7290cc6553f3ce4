import { describe, expect, it } from 'vitest';
import { parseS3Location, requestUrl } from '../../../src/storage/s3/location.ts';
import { endpointOf } from '../../../src/storage/s3/options.ts';
import { s3OptionsFromProperties } from '../../../src/storage/s3/properties.ts';
import { S3Store } from '../../../src/storage/s3/s3-store.ts';
import { childrenOf, childText, escapeXml, parseXml } from '../../../src/storage/s3/xml.ts';
import { utf8 } from '../../../src/util/encoding.ts';
import { FakeS3, xmlError } from '../../support/fake-s3.ts';

const location = 's3://bucket/data/x';
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function setup() {
  const fake = new FakeS3();
  return { fake, store: new S3Store({ endpoint: 'http://s3.test', world: fake.world() }) };
}

/** By hand: where a `Response` wraps the stream, browsers hide its error. */
async function collect(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  let out = '';
  for (let next = await reader.read(); !next.done; next = await reader.read()) out += text(next.value);
  return out;
}

describe('reading', () => {
  it('takes the range out of the answer of a server that ignores it', async () => {
    const { fake, store } = setup();
    fake.fault = () => new Response('0123456789');
    expect(text(await store.read(location, { start: 2, end: 5 }))).toBe('234');
    expect(text(await store.read(location, { start: 8, end: 50 }))).toBe('89');
    expect(text(await store.read(location, { start: 7 }))).toBe('789');
    expect(await collect(await store.stream(location, 4))).toBe('456789');
  });

  it('refuses another range than it asked for', async () => {
    const { fake, store } = setup();
    fake.fault = () => new Response('abc', { status: 206, headers: { 'content-range': 'bytes 0-2/10' } });
    await expect(store.read(location, { start: 2, end: 5 })).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
  });

  it('asks again when the answer ends early', async () => {
    const { fake, store } = setup();
    await store.put(location, utf8('0123456789'));
    fake.change = (response, { method, attempt }) =>
      method === 'GET' && attempt < 3 ? new Response('012', { status: 206, headers: response.headers }) : response;
    expect(text(await store.read(location))).toBe('0123456789');
  });

  it('goes on where a stream broke off, and only with the same object', async () => {
    const { fake, store } = setup();
    await store.put(location, utf8('0123456789'));
    fake.change = (response, { headers }) =>
      headers.get('range') === 'bytes=0-' ? new Response('0123', { status: 206, headers: response.headers }) : response;
    expect(await collect(await store.stream(location))).toBe('0123456789');
    expect(fake.requests.at(-1)?.headers.get('range')).toBe('bytes=4-');

    const stream = await store.stream(location);
    fake.fault = () => null;
    await store.put(location, utf8('something else'));
    await expect(collect(stream)).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
  });

  it('ends with the reason of its signal', async () => {
    const { store } = setup();
    await store.put(location, utf8('0123456789'));
    const stop = new AbortController();
    const stream = await store.stream(location, 0, { signal: stop.signal });
    stop.abort(new Error('no more'));
    await expect(collect(stream)).rejects.toThrow('no more');
  });
});

describe('listing', () => {
  const entry = (key: string) => `<Contents><Key>${key}</Key><Size>1</Size><ETag>"e"</ETag></Contents>`;

  it('decodes keys only when the server says that it encoded them', async () => {
    const { fake, store } = setup();
    const list = async (body: string) => {
      fake.fault = () => new Response(`<ListBucketResult>${body}</ListBucketResult>`);
      const found: string[] = [];
      for await (const stat of store.list('s3a://bucket/')) found.push(stat.location);
      return found;
    };
    expect(await list(`<EncodingType>url</EncodingType>${entry('a+b%2Bc%25')}`)).toEqual(['s3a://bucket/a b+c%']);
    expect(await list(entry('a+b%2B &amp;'))).toEqual(['s3a://bucket/a+b%2B &']);
  });

  it('refuses what would end early or never', async () => {
    const { fake, store } = setup();
    for (const body of [
      '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>',
      '<html><body>hello</body></html>',
      'nothing',
      '<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>',
    ]) {
      fake.fault = () => new Response(body);
      const first = store.list('s3://bucket/')[Symbol.asyncIterator]().next();
      await expect(first).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
    }
  });
});

describe('deleting', () => {
  it('names what the server kept', async () => {
    const { fake, store } = setup();
    fake.fault = () =>
      new Response('<DeleteResult><Error><Key>b &amp; c</Key><Code>AccessDenied</Code></Error></DeleteResult>');
    expect(await store.delete(['s3://bucket/a', 's3://bucket/b & c'])).toEqual({ failed: ['s3://bucket/b & c'] });
  });

  it('goes one by one where there are no batches', async () => {
    const { fake, store } = setup();
    const locations = ['s3://bucket/a', 's3://bucket/b', 's3://other/c'];
    for (const each of locations) await store.put(each, utf8('x'));
    fake.fault = ({ query }) => (query.has('delete') ? xmlError(501, 'NotImplemented') : null);
    expect(await store.delete(locations)).toEqual({ failed: [] });
    expect(fake.objects.size).toBe(0);
  });
});

describe('request URLs', () => {
  const url = (location: string, options = {}) => {
    const { bucket, key } = parseS3Location(location);
    return requestUrl(endpointOf({ endpoint: 'http://h:9000/base/', ...options }), bucket, key).href;
  };

  it('encode everything that servers and signers could read in two ways', () => {
    expect(url("s3://b/a+b/c d/%2B/é/!'()*/~=@:,?#")).toBe(
      'http://h:9000/base/b/a%2Bb/c%20d/%252B/%C3%A9/%21%27%28%29%2A/~%3D%40%3A%2C%3F%23',
    );
    expect(url('s3://b/a//b/')).toBe('http://h:9000/base/b/a//b/');
    expect(url('s3a://b/x', { pathStyle: false })).toBe('http://b.h:9000/base/x');
  });

  it('of AWS name the bucket in the host, unless a certificate could not match it', () => {
    const aws = endpointOf({ region: 'eu-west-1' });
    expect(requestUrl(aws, 'my-bucket', 'k').href).toBe('https://my-bucket.s3.eu-west-1.amazonaws.com/k');
    expect(requestUrl(aws, 'my.bucket', 'k').href).toBe('https://s3.eu-west-1.amazonaws.com/my.bucket/k');
  });

  it.each(['localhost:9000', 'ftp://h', 'http://user:secret@h', 'http://h/?x=1', ''])(
    'refuse the endpoint %j',
    (endpoint) => {
      let error: unknown;
      try {
        endpointOf({ endpoint });
      } catch (e) {
        error = e;
      }
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', place: { option: 's3.endpoint' } });
      expect(String(error)).not.toContain('secret');
    },
  );

  it.each(['s3://', 's3://bucket', 's3://bucket/', 's3://-/k', 's3://b@c/k', 'gs://b/k'])(
    'refuse the location %j',
    (bad) => {
      expect(() => parseS3Location(bad)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    },
  );
});

describe('properties', () => {
  it('are read in the names of PyIceberg and Java', () => {
    const options = s3OptionsFromProperties(
      new Map([
        ['s3.endpoint', 'http://h'],
        ['client.region', 'eu-west-1'],
        ['s3.access-key-id', 'id'],
        ['s3.secret-access-key', 'secret'],
        ['s3.session-token', 'token'],
        ['s3.path-style-access', 'False'],
        ['write.format.default', 'parquet'],
      ]),
    );
    expect(options).toEqual({
      endpoint: 'http://h',
      region: 'eu-west-1',
      pathStyle: false,
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' },
    });
    expect(s3OptionsFromProperties(new Map())).toEqual({});
  });

  it('with half of the keys, or neither true nor false, are refused', () => {
    for (const [name, value] of [
      ['s3.access-key-id', 'id'],
      ['s3.path-style-access', 'maybe'],
    ] as const) {
      expect(() => s3OptionsFromProperties(new Map([[name, value]]))).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    }
  });
});

describe('XML', () => {
  it('is read with entities, CDATA, comments and empty elements', () => {
    const root = parseXml(
      '<?xml version="1.0"?><!-- c --><r a="1"><k>&lt;&#x41;&#66;&amp;amp;</k><k><![CDATA[<x>]]></k><e/></r>',
    );
    expect(childrenOf(root, 'k').map((child) => child.text)).toEqual(['<AB&amp;', '<x>']);
    expect([childText(root, 'e'), childText(root, 'none')]).toEqual(['', null]);
    expect(parseXml(`<k>${escapeXml('a<b>&"\'\r')}</k>`).text).toBe('a<b>&"\'\r');
  });

  it.each(['', 'text', '<a>', '</a>', '<a></b>', '<a/><b/>', '<!DOCTYPE x [<!ENTITY a "b">]><a/>', '<a'.repeat(50)])(
    'that is not well formed is refused: %j',
    (source) => {
      expect(() => parseXml(source)).toThrow(expect.objectContaining({ code: 'INVALID_RESPONSE' }));
    },
  );

  it('that is too deep is refused', () => {
    expect(() => parseXml('<a>'.repeat(40) + '</a>'.repeat(40))).toThrow(/too deeply/);
  });
});
