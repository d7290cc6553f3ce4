/** What the gateway does with its bucket, request by request: what is answered, and what is stored afterwards. */
import { env } from 'cloudflare:workers';
import { AwsClient } from 'aws4fetch';
import { afterEach, describe, expect, test } from 'vitest';
import { s3App } from '../../../src/server/s3/app.ts';
import {
  anyCredentials,
  staticCredentials,
  vendCredentials,
  vendedCredentials,
} from '../../../src/server/s3/credentials.ts';
import type { R2BucketBinding } from '../../../src/storage/r2/binding.ts';
import { childrenOf, childText, parseXml } from '../../../src/storage/s3/xml.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { utf8 } from '../../../src/util/encoding.ts';
import { defaultWorld } from '../../../src/util/world.ts';
import { pattern } from '../../conformance/store.ts';
import { streamed, wireTo } from '../../support/s3-wire.ts';

const VENDING_SECRET = 'what these tests vend credentials with';
const keys = { accessKeyId: 'key', secretAccessKey: 'canary-secret-5417' };
const errors: unknown[] = [];

function appOver(bucket: R2BucketBinding) {
  return s3App({
    bucket,
    name: 'lake',
    credentials: anyCredentials(
      staticCredentials({ key: keys.secretAccessKey }),
      vendedCredentials(VENDING_SECRET, 'lake'),
    ),
    origins: ['https://app.example'],
    maxCopyBytes: 8 << 20,
    onError: (error) => errors.push(error),
  });
}

const app = appOver(env.BUCKET);
type Init = { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: Bytes | string };

/** `path` follows the bucket, encoded. */
async function ask(path: string, init: Init = {}, credentials: object = keys, to = app): Promise<Response> {
  const client = new AwsClient({ ...keys, ...credentials, service: 's3', region: 'auto' });
  return wireTo(to)(await client.sign(`http://gateway.example/lake${path}`, init));
}

const put = (key: string, body: Bytes | string = 'x', headers = {}) => ask(`/${key}`, { method: 'PUT', body, headers });
const stored = async (key: string) => (await (await env.BUCKET.get(key))?.arrayBuffer()) ?? null;
const text = (bytes: ArrayBuffer | null) => (bytes === null ? null : new TextDecoder().decode(bytes));

function same(found: ArrayBuffer | null, expected: Bytes): boolean {
  const bytes = new Uint8Array(found ?? new ArrayBuffer());
  return bytes.length === expected.length && bytes.every((byte, i) => byte === expected[i]);
}

/** The code of a refusal; its answer never tells a secret. */
async function codeOf(response: Response | Promise<Response>): Promise<string | null> {
  const { ok, status } = await response;
  const body = await (await response).text();
  expect(body).not.toContain('canary');
  if (ok || status === 304) return null;
  return childText(parseXml(body.replace(/^<\?xml.*?\?>\n/, '')), 'Code');
}

async function xml(response: Response | Promise<Response>) {
  const body = await (await response).text();
  expect((await response).ok, body).toBe(true);
  return parseXml(body);
}

const keysIn = async (path: string, credentials = {}) => {
  const listing = await xml(ask(path, {}, credentials));
  return {
    keys: childrenOf(listing, 'Contents').map((one) => childText(one, 'Key')),
    prefixes: childrenOf(listing, 'CommonPrefixes').map((one) => childText(one, 'Prefix')),
    next: childText(listing, 'NextContinuationToken'),
  };
};

/** All that is in the bucket, the gateway's records included. */
async function everything(): Promise<string[]> {
  const { objects } = await env.BUCKET.list({ prefix: '' });
  return objects.map(({ key }) => key);
}

afterEach(async () => {
  expect(errors.splice(0)).toEqual([]);
  const left = await everything();
  if (left.length > 0) await env.BUCKET.delete(left);
});

describe('an object', () => {
  test('keeps its headers and metadata, and gives them back with what was asked for', async () => {
    const headers = {
      'content-type': 'text/csv',
      'content-encoding': 'gzip',
      'cache-control': 'no-cache',
      'content-disposition': 'attachment',
      'content-language': 'de',
      expires: 'Sat, 21 Nov 2026 10:00:00 GMT',
      'x-amz-meta-colour': 'blue',
    };
    const { headers: answered } = await put('kept', '0123456789', headers);
    const head = await ask('/kept', { method: 'HEAD' });
    const got = await ask('/kept?response-content-type=text%2Fplain', { headers: { range: 'bytes=2-4' } });
    for (const [name, value] of Object.entries(headers)) expect(head.headers.get(name), name).toBe(value);
    expect(head.headers.get('etag')).toBe(answered.get('etag'));
    expect(head.headers.get('content-length')).toBe('10');
    expect(got.status).toBe(206);
    expect(got.headers.get('content-range')).toBe('bytes 2-4/10');
    expect(got.headers.get('content-type')).toBe('text/plain');
    expect(await got.text()).toBe('234');
  });

  test('is not answered with a header that cannot be', async () => {
    await put('kept', '0123456789');
    expect(await codeOf(ask('/kept?response-content-type=a%0Ab'))).toBe('InvalidArgument');
    expect(errors).toEqual([]);
  });

  test('is read by clients that sign the encodings they accept, which workerd replaces', async () => {
    await put('kept', '0123456789');
    const client = new AwsClient({ ...keys, service: 's3', region: 'auto' });
    const signed = await client.sign('http://gateway.example/lake/kept', {
      headers: { 'accept-encoding': 'identity' },
    });
    expect(signed.headers.get('authorization')).toContain('accept-encoding');
    const headers = new Headers(signed.headers);
    headers.set('host', 'gateway.example');
    headers.set('accept-encoding', 'br, gzip');
    const arrived = (clientAcceptEncoding: string) =>
      app.fetch(new Request(signed.url, { headers, cf: { clientAcceptEncoding } } as RequestInit));
    expect(await (await arrived('identity')).text()).toBe('0123456789');
    expect(await codeOf(arrived('gzip'))).toBe('SignatureDoesNotMatch');
  });

  test('is read in every range, or none', async () => {
    await put('digits', '0123456789');
    await put('empty', '');
    const range = async (header: string, key = 'digits') => {
      const response = await ask(`/${key}`, { headers: { range: header } });
      return response.ok ? await response.text() : await codeOf(response);
    };
    expect(await range('bytes=7-')).toBe('789');
    expect(await range('bytes=-2')).toBe('89');
    expect(await range('bytes=-20')).toBe('0123456789');
    expect(await range('bytes=8-100')).toBe('89');
    expect(await range('bytes=0-1,4-5')).toBe('0123456789');
    expect(await range('bytes= 0-1')).toBe('0123456789');
    for (const none of ['bytes=10-', 'bytes=10-19', 'bytes=99-100', 'bytes=-0'])
      expect(await range(none)).toBe('InvalidRange');
    for (const none of ['bytes=0-', 'bytes=-1']) expect(await range(none, 'empty')).toBe('InvalidRange');
    const beyond = await ask('/digits', { headers: { range: 'bytes=10-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10']);
    expect(await codeOf(ask('/nothing', { headers: { range: 'bytes=0-1' } }))).toBe('NoSuchKey');
  });

  test('is read and written on conditions', async () => {
    const etag = (await put('c', 'old')).headers.get('etag') ?? '';
    const get = async (headers: Record<string, string>) => (await ask('/c', { headers })).status;
    expect(await get({ 'if-match': etag })).toBe(200);
    expect(await get({ 'if-match': '"other"' })).toBe(412);
    expect(await get({ 'if-none-match': etag })).toBe(304);
    expect(await get({ 'if-modified-since': new Date(Date.now() + 60_000).toUTCString() })).toBe(304);
    expect(await get({ 'if-unmodified-since': new Date(0).toUTCString() })).toBe(412);
    expect(await codeOf(put('c', 'new', { 'if-none-match': '*' }))).toBe('PreconditionFailed');
    expect(await codeOf(put('c', 'new', { 'if-match': '"other"' }))).toBe('PreconditionFailed');
    expect(await codeOf(put('nothing', 'new', { 'if-match': etag }))).toBe('NoSuchKey');
    expect(text(await stored('c'))).toBe('old');
    expect(await codeOf(put('c', 'new', { 'if-match': etag }))).toBeNull();
    expect(text(await stored('c'))).toBe('new');
  });

  test('of which many are created at once is created once', async () => {
    const bodies = [pattern(300_000), ...Array.from({ length: 7 }, (_, i) => utf8(`racer ${i}`))];
    const codes = await Promise.all(bodies.map((body) => codeOf(put('race', body, { 'if-none-match': '*' }))));
    expect(codes.filter((code) => code === null)).toHaveLength(1);
    expect(codes.filter((code) => code === 'PreconditionFailed')).toHaveLength(7);
    expect((await stored('race'))?.byteLength).toBe(bodies[codes.indexOf(null)]?.length);
  });

  test.each(['a b', 'a+b', '100%', 'a%2Fb', 'ünï', "q'&<>", 'a//b', '/a', 'a/'])('named %j', async (key) => {
    const path = key.split('/').map(encodeURIComponent).join('/');
    expect(await codeOf(put(path, key))).toBeNull();
    expect(await everything()).toEqual([key]);
    expect((await keysIn('?list-type=2')).keys).toEqual([key]);
    expect(await (await ask(`/${path}`)).text()).toBe(key);
    expect((await ask(`/${path}`, { method: 'DELETE' })).status).toBe(204);
    expect(await everything()).toEqual([]);
  });

  test('is copied, with its metadata or others', async () => {
    await put('from%20here', pattern(200_000), { 'content-type': 'text/x', 'x-amz-meta-a': '1' });
    const copy = (to: string, source: string, headers = {}) =>
      ask(`/${to}`, { method: 'PUT', headers: { 'x-amz-copy-source': source, ...headers } });
    expect(await codeOf(copy('to', '/lake/from%20here'))).toBeNull();
    const replace = { 'x-amz-metadata-directive': 'REPLACE', 'content-type': 'text/y' };
    expect(await codeOf(copy('to2', 'lake/from%20here', replace))).toBeNull();
    const [one, two] = await Promise.all(['to', 'to2'].map((key) => env.BUCKET.head(key)));
    expect(one).toMatchObject({ httpMetadata: { contentType: 'text/x' }, customMetadata: { a: '1' }, size: 200_000 });
    expect(two).toMatchObject({ httpMetadata: { contentType: 'text/y' }, customMetadata: {} });
    expect(await codeOf(copy('to3', 'lake/nothing'))).toBe('NoSuchKey');
    expect(await codeOf(copy('to3', 'other/from%20here'))).toBe('NoSuchBucket');
    expect(await codeOf(copy('to3', 'lake/a%2F..%2Fb'))).toBe('InvalidArgument');
    expect(await codeOf(copy('to3', 'lake/from%20here', { 'x-amz-copy-source-if-match': '"x"' }))).toBe(
      'PreconditionFailed',
    );
    expect(await codeOf(copy('to', 'lake/from%20here', { 'if-none-match': '*' }))).toBe('PreconditionFailed');
    expect(await codeOf(copy('to', 'lake/to'))).toBe('InvalidRequest');
    const unknown = { 'x-amz-metadata-directive': 'replace', 'content-type': 'text/y' };
    expect(await codeOf(copy('to3', 'lake/from%20here', unknown))).toBe('InvalidArgument');
    await env.BUCKET.put('large', new Uint8Array((8 << 20) + 1));
    expect(await codeOf(copy('to3', 'lake/large'))).toBe('EntityTooLarge');
    expect(await everything()).not.toContain('to3');
  });
});

describe('a body that is not what its client said', () => {
  const large = pattern(300_000);

  test.each([
    ['has another hash', { 'x-amz-content-sha256': 'a'.repeat(64) }, 'XAmzContentSHA256Mismatch'],
    ['has another checksum', { 'x-amz-checksum-crc32': 'AAAAAA==' }, 'BadDigest'],
    ['has another MD5', { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }, 'BadDigest'],
    ['has an MD5 that is none', { 'content-md5': 'AAAA' }, 'InvalidDigest'],
    ['has a checksum that is none', { 'x-amz-checksum-crc32': 'AAAA' }, 'InvalidRequest'],
    ['has a checksum nobody knows', { 'x-amz-checksum-md6': 'AAAA' }, 'InvalidRequest'],
    ['wants encryption', { 'x-amz-server-side-encryption': 'AES256' }, 'NotImplemented'],
    ['wants to be public', { 'x-amz-acl': 'public-read' }, 'NotImplemented'],
    ['wants tags', { 'x-amz-tagging': 'a=b' }, 'NotImplemented'],
  ])('%s: nothing is stored', async (_, headers, code) => {
    for (const body of ['small', large]) expect(await codeOf(put('bad', body, headers))).toBe(code);
    expect(await codeOf(put('old', 'old'))).toBeNull();
    expect(await codeOf(put('old', large, headers))).toBe(code);
    expect(text(await stored('old'))).toBe('old');
    expect(await everything()).toEqual(['old']);
  });

  test.each([20_000, 200_000])('breaks off after %d bytes: nothing is stored', async (breaksAt) => {
    const client = new AwsClient({ ...keys, service: 's3', region: 'auto' });
    const upload = childText(await xml(ask('/parts?uploads', { method: 'POST' })), 'UploadId') ?? '';
    for (const path of ['/broken', `/parts?partNumber=1&uploadId=${encodeURIComponent(upload)}`]) {
      const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
      const signed = await client.sign(`http://gateway.example/lake${path}`, { method: 'PUT', headers });
      const wire = new Headers(signed.headers);
      wire.set('content-length', String(large.length));
      const body = streamed(large, 10_000, breaksAt);
      const init = { method: 'PUT', headers: wire, body, duplex: 'half' } as RequestInit;
      expect(await codeOf(app.fetch(new Request(signed.url, init)))).toBe('IncompleteBody');
    }
    expect((await everything()).filter((key) => !key.startsWith('.icestream-uploads/open/'))).toEqual([]);
    await ask(`/parts?uploadId=${encodeURIComponent(upload)}`, { method: 'DELETE' });
    expect(await everything()).toEqual([]);
  });
});

describe('a listing', () => {
  test('goes by pages, prefixes and folders, and leaves out what is the gateway’s own', async () => {
    for (const key of ['a/1', 'a/2', 'a/b/3', 'b', '.first', 'ä +%'])
      await put(key.split('/').map(encodeURIComponent).join('/'));
    await xml(ask('/open?uploads', { method: 'POST' }));
    expect((await keysIn('?list-type=2')).keys).toEqual(['.first', 'a/1', 'a/2', 'a/b/3', 'b', 'ä +%']);
    expect((await keysIn('?list-type=2&encoding-type=url')).keys).toContain('%C3%A4%20%2B%25');
    expect(await keysIn('?list-type=2&delimiter=/')).toMatchObject({ keys: ['.first', 'b', 'ä +%'], prefixes: ['a/'] });
    expect(await keysIn('?list-type=2&delimiter=/&prefix=a/')).toMatchObject({
      keys: ['a/1', 'a/2'],
      prefixes: ['a/b/'],
    });
    expect((await keysIn('?list-type=2&start-after=a/2')).keys).toEqual(['a/b/3', 'b', 'ä +%']);
    for (const delimiter of ['', '&delimiter=/']) {
      const found: (string | null)[] = [];
      let next: string | null = '';
      while (next !== null) {
        const from: string = next === '' ? '' : `&continuation-token=${encodeURIComponent(next)}`;
        const page = await keysIn(`?list-type=2&max-keys=2${delimiter}${from}`);
        expect(page.keys.length + page.prefixes.length).toBeGreaterThan(0);
        expect(page.keys.length + page.prefixes.length).toBeLessThanOrEqual(2);
        found.push(...page.keys, ...page.prefixes);
        next = page.next;
      }
      expect(found.sort()).toEqual(
        (delimiter ? ['.first', 'a/', 'b', 'ä +%'] : ['.first', 'a/1', 'a/2', 'a/b/3', 'b', 'ä +%']).sort(),
      );
    }
    const token = encodeURIComponent((await keysIn('?list-type=2&max-keys=2')).next ?? '');
    for (const from of ['', `&continuation-token=${token}`]) {
      expect(await keysIn(`?list-type=2&max-keys=0${from}`)).toEqual({ keys: [], prefixes: [], next: null });
    }
    const badTokens = ['continuation-token=', 'continuation-token=%C3%A4'];
    for (const bad of ['max-keys=x', 'max-keys=-1', 'encoding-type=xml', ...badTokens]) {
      expect(await codeOf(ask(`?list-type=2&${bad}`)), bad).toBe('InvalidArgument');
    }
    expect(await codeOf(ask('?prefix=a'))).toBe('NotImplemented');
  });

  test('many are deleted at once, and each that cannot be says why', async () => {
    for (const key of ['one', 'two', 'kept']) await put(key);
    const body = (quiet: boolean) =>
      `<Delete><Quiet>${quiet}</Quiet>${['one', 'two', 'never', 'a/../b', '.icestream-uploads/x']
        .map((key) => `<Object><Key>${key}</Key></Object>`)
        .join('')}</Delete>`;
    const result = await xml(ask('?delete', { method: 'POST', body: body(false) }));
    expect(childrenOf(result, 'Deleted').map((one) => childText(one, 'Key'))).toEqual(['one', 'two', 'never']);
    expect(childrenOf(result, 'Error').map((one) => childText(one, 'Code'))).toEqual([
      'InvalidArgument',
      'AccessDenied',
    ]);
    expect(childrenOf(await xml(ask('?delete', { method: 'POST', body: body(true) })), 'Deleted')).toEqual([]);
    expect(await everything()).toEqual(['kept']);
    for (const bad of ['', '<Delete/>', '<Delete>', '<!DOCTYPE x><Delete/>', '<Other/>']) {
      expect(await codeOf(ask('?delete', { method: 'POST', body: bad })), bad).toBe('MalformedXML');
    }
  });
});

describe('a multipart upload', () => {
  const size = 5 << 20;
  const bytes = pattern(2 * size + 1000);
  const open = async (key: string) =>
    encodeURIComponent(childText(await xml(ask(`/${key}?uploads`, { method: 'POST' })), 'UploadId') ?? '');
  const part = (key: string, upload: string, number: number, body: Bytes | string) =>
    ask(`/${key}?partNumber=${number}&uploadId=${upload}`, { method: 'PUT', body });
  const complete = (key: string, upload: string, parts: readonly (readonly [number, string | null])[], headers = {}) =>
    ask(`/${key}?uploadId=${upload}`, {
      method: 'POST',
      headers,
      body: `<CompleteMultipartUpload>${parts
        .map(([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`)
        .join('')}</CompleteMultipartUpload>`,
    });

  test('is listed with its parts while it is open, and leaves its object alone', async () => {
    const upload = await open('dir/big');
    const sent: [number, string | null][] = [];
    for (const number of [3, 1, 2]) {
      const response = await part('dir/big', upload, number, bytes.slice((number - 1) * size, number * size));
      sent.push([number, response.headers.get('etag')]);
    }
    const parts = await xml(ask(`/dir/big?uploadId=${upload}&max-parts=2`));
    expect(childrenOf(parts, 'Part').map((one) => [childText(one, 'PartNumber'), childText(one, 'Size')])).toEqual([
      ['1', String(size)],
      ['2', String(size)],
    ]);
    const rest = await xml(
      ask(`/dir/big?uploadId=${upload}&part-number-marker=${childText(parts, 'NextPartNumberMarker')}`),
    );
    expect(childrenOf(rest, 'Part').map((one) => childText(one, 'Size'))).toEqual(['1000']);
    const other = await open('dir/other');
    const first = await xml(ask('?uploads&prefix=dir/&max-uploads=1'));
    const marks = `&key-marker=${childText(first, 'NextKeyMarker')}&upload-id-marker=${encodeURIComponent(childText(first, 'NextUploadIdMarker') ?? '')}`;
    const second = await xml(ask(`?uploads&prefix=dir/&max-uploads=1${marks}`));
    const listed = [first, second].map((page) => childText(childrenOf(page, 'Upload')[0] ?? page, 'Key'));
    expect(listed).toEqual(['dir/big', 'dir/other']);
    expect(childText(second, 'IsTruncated')).toBe('false');

    const inOrder = sent.sort(([a], [b]) => a - b);
    expect(await codeOf(complete('dir/big', upload, [...inOrder].reverse()))).toBe('InvalidPartOrder');
    expect(await codeOf(complete('dir/big', upload, inOrder, { 'if-none-match': '*' }))).toBe('NotImplemented');
    for (const name of ['x-amz-checksum-crc32', 'x-amz-checksum-crc64nvme']) {
      expect(await codeOf(complete('dir/big', upload, inOrder, { [name]: 'AAAA' }))).toBe('NotImplemented');
    }
    expect(await codeOf(complete('dir/big', upload, inOrder))).toBeNull();
    expect(same(await stored('dir/big'), bytes)).toBe(true);
    expect((await ask(`/dir/other?uploadId=${other}`, { method: 'DELETE' })).status).toBe(204);
    expect(await everything()).toEqual(['dir/big']);
    expect(await codeOf(complete('dir/big', upload, inOrder))).toBe('NoSuchUpload');
    expect(await codeOf(part('dir/big', upload, 1, 'x'))).toBe('NoSuchUpload');
    expect(await codeOf(ask(`/dir/big?uploadId=${upload}`))).toBe('NoSuchUpload');
    expect(await everything()).toEqual(['dir/big']);
  });

  test('is refused with parts that R2 does not join, and stays open', async () => {
    const upload = await open('bad');
    const etagOf = async (number: number, body: Bytes | string) =>
      (await part('bad', upload, number, body)).headers.get('etag');
    const small = await etagOf(1, 'small');
    const last = await etagOf(2, 'last');
    expect(
      await codeOf(
        complete('bad', upload, [
          [1, small],
          [2, last],
        ]),
      ),
    ).toBe('EntityTooSmall');
    expect(await codeOf(complete('bad', upload, [[1, '"x"']]))).toBe('InvalidPart');
    expect(await codeOf(complete('bad', upload, []))).toBe('MalformedXML');
    for (const number of [0, 10_001]) expect(await codeOf(part('bad', upload, number, 'x'))).toBe('InvalidArgument');
    expect(await codeOf(complete('bad', upload, [[2, last]]))).toBeNull();
    expect(text(await stored('bad'))).toBe('last');
  });

  test('is not known by another key, nor is its id once made up', async () => {
    const upload = await open('one');
    const sent: [number, string | null] = [1, (await part('one', upload, 1, 'x')).headers.get('etag')];
    const before = errors.length;
    for (const [key, id] of [
      ['another', upload],
      ['one', 'made-up'],
    ] as const) {
      expect(await codeOf(complete(key, id, [sent]))).toBe('NoSuchUpload');
      expect(await codeOf(part(key, id, 2, 'x'))).toBe('NoSuchUpload');
      expect(await codeOf(ask(`/${key}?uploadId=${id}`))).toBe('NoSuchUpload');
      expect(await codeOf(ask(`/${key}?uploadId=${id}`, { method: 'DELETE' }))).toBe('NoSuchUpload');
    }
    expect(errors.length).toBe(before);
    expect(await codeOf(complete('one', upload, [sent]))).toBeNull();
    expect(await everything()).toEqual(['one']);
  });

  test('takes ranges of other objects as parts', async () => {
    await env.BUCKET.put('source', bytes);
    const upload = await open('joined');
    const copy = async (number: number, range: string) => {
      const headers = { 'x-amz-copy-source': '/lake/source', 'x-amz-copy-source-range': range };
      return ask(`/joined?partNumber=${number}&uploadId=${upload}`, { method: 'PUT', headers });
    };
    const one = childText(await xml(copy(1, `bytes=0-${size - 1}`)), 'ETag');
    const two = childText(await xml(copy(2, `bytes=${2 * size}-${2 * size + 999}`)), 'ETag');
    expect(await codeOf(copy(3, `bytes=0-${bytes.length}`))).toBe('InvalidRange');
    expect(await codeOf(copy(3, `bytes=${bytes.length}-${bytes.length + 9}`))).toBe('InvalidRange');
    expect(await codeOf(copy(3, 'bytes=5-'))).toBe('InvalidArgument');
    expect(
      await codeOf(
        complete('joined', upload, [
          [1, one],
          [2, two],
        ]),
      ),
    ).toBeNull();
    const expected = new Uint8Array(size + 1000);
    expected.set(bytes.subarray(0, size));
    expected.set(bytes.subarray(2 * size), size);
    expect(same(await stored('joined'), expected)).toBe(true);
  });

  test('with a checksum over all parts is refused before it is opened', async () => {
    const headers = { 'x-amz-checksum-algorithm': 'CRC64NVME', 'x-amz-checksum-type': 'FULL_OBJECT' };
    expect(await codeOf(ask('/x?uploads', { method: 'POST', headers }))).toBe('NotImplemented');
    expect(await everything()).toEqual([]);
  });

  test('whose record cannot be kept is not opened', async () => {
    const failing: R2BucketBinding = new Proxy(env.BUCKET, {
      get: (target, name) => {
        if (name === 'put') return () => Promise.reject(new Error('put: We encountered an internal error. (10001)'));
        return Reflect.get(target, name).bind(target);
      },
    });
    expect(await codeOf(ask('/x?uploads', { method: 'POST' }, keys, appOver(failing)))).toBe('InternalError');
    expect(errors.splice(0)).toHaveLength(1);
    expect(await everything()).toEqual([]);
  });
});

describe('temporary credentials', () => {
  const vend = (mode: 'read' | 'read-write', expiresAtMs = Date.now() + 60_000) =>
    vendCredentials(VENDING_SECRET, { bucket: 'lake', prefix: 'tables/a/', mode, expiresAtMs });
  const write = (key: string, credentials: object, headers = {}) =>
    codeOf(ask(`/${key}`, { method: 'PUT', body: 'x', headers }, credentials));

  test('reach their prefix and nothing else', async () => {
    await put('tables/ab/secret', 'secret');
    const mine = vend('read-write');
    expect(await write('tables/a/x', mine)).toBeNull();
    expect(await (await ask('/tables/a/x', {}, mine)).text()).toBe('x');
    expect((await keysIn('?list-type=2&prefix=tables/a/', mine)).keys).toEqual(['tables/a/x']);
    for (const key of ['tables/ab/x', 'tables/a', 'x', 'tables/a%2F..%2Fab/x']) {
      expect(await write(key, mine), key).toMatch(/AccessDenied|InvalidArgument/);
    }
    const copy = { 'x-amz-copy-source': '/lake/tables/ab/secret' };
    expect(await write('tables/a/stolen', mine, copy)).toBe('AccessDenied');
    for (const path of [
      '/tables/ab/secret',
      '?list-type=2',
      '?list-type=2&prefix=tables/a',
      '?uploads',
      '?uploads&prefix=tables/',
    ]) {
      expect(await codeOf(ask(path, {}, mine)), path).toBe('AccessDenied');
    }
    const body = '<Delete><Object><Key>tables/ab/secret</Key></Object><Object><Key>tables/a/x</Key></Object></Delete>';
    const result = await xml(ask('?delete', { method: 'POST', body }, mine));
    expect(childrenOf(result, 'Deleted').map((one) => childText(one, 'Key'))).toEqual(['tables/a/x']);
    expect(await everything()).toEqual(['tables/ab/secret']);
  });

  test('read only what may be read only, until they expire, with their token', async () => {
    await put('tables/a/x', 'kept');
    const reader = vend('read');
    expect(await (await ask('/tables/a/x', {}, reader)).text()).toBe('kept');
    expect(await write('tables/a/x', reader)).toBe('AccessDenied');
    for (const [path, method] of [
      ['/tables/a/x', 'DELETE'],
      ['/tables/a/x?uploads', 'POST'],
    ] as const) {
      expect(await codeOf(ask(path, { method }, reader))).toBe('AccessDenied');
    }
    const body = '<Delete><Object><Key>tables/a/x</Key></Object></Delete>';
    const result = await xml(ask('?delete', { method: 'POST', body }, reader));
    expect(childrenOf(result, 'Error').map((one) => childText(one, 'Code'))).toEqual(['AccessDenied']);
    expect(await codeOf(ask('/tables/a/x', {}, vend('read', Date.now() - 1)))).toBe('ExpiredToken');
    expect(await codeOf(ask('/tables/a/x', {}, { ...reader, sessionToken: undefined }))).toBe('InvalidAccessKeyId');
    expect(await codeOf(ask('/tables/a/x', {}, { ...reader, secretAccessKey: 'x' }))).toBe('SignatureDoesNotMatch');
    expect(text(await stored('tables/a/x'))).toBe('kept');
  });
});

describe('what is not offered, or not there', () => {
  test('is said with S3’s own codes', async () => {
    expect(await codeOf(ask('/nothing'))).toBe('NoSuchKey');
    expect((await ask('/nothing', { method: 'HEAD' })).status).toBe(404);
    expect(await codeOf(ask('', { method: 'PUT' }))).toBe('BucketAlreadyOwnedByYou');
    expect(await codeOf(ask('', { method: 'DELETE' }))).toBe('NotImplemented');
    for (const query of ['acl', 'tagging', 'policy', 'versions', 'lifecycle']) {
      expect(await codeOf(ask(`?${query}`)), query).toBe('NotImplemented');
      expect(await codeOf(ask(`/x?${query}`, { method: 'PUT', body: 'x' })), query).toBe('NotImplemented');
    }
    expect(await codeOf(ask('/x', { method: 'PATCH' }))).toBe('MethodNotAllowed');
    for (const [path, method] of [
      ['/.icestream-uploads/x', 'GET'],
      ['/.icestream-uploads/x', 'PUT'],
      ['/a%2F..%2Fx', 'PUT'],
    ] as const) {
      const body = method === 'PUT' ? { body: 'x' } : {};
      expect(await codeOf(ask(path, { method, ...body })), path).toMatch(/AccessDenied|InvalidArgument/);
    }
    expect(await everything()).toEqual([]);
  });

  test('an answer never echoes what was signed, and names its request', async () => {
    const response = await ask('/x', {}, { secretAccessKey: 'wrong' });
    const body = await response.text();
    expect(body).toContain('<Code>SignatureDoesNotMatch</Code>');
    expect(body).toContain(`<RequestId>${response.headers.get('x-amz-request-id')}</RequestId>`);
    expect(body).not.toMatch(/wrong|canary|StringToSign|AWSAccessKeyId/);
  });
});

describe('browsers', () => {
  test('of a named origin may call, with what they ask for', async () => {
    const preflight = (origin: string) =>
      app.request('/lake/x', {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'authorization,x-amz-date',
        },
      });
    const mine = await preflight('https://app.example');
    expect(mine.status).toBe(204);
    expect(mine.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(mine.headers.get('access-control-allow-headers')).toContain('x-amz-date');
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
    const answer = await ask('?list-type=2', { headers: { origin: 'https://app.example' } });
    expect(answer.headers.get('access-control-expose-headers')?.toLowerCase()).toContain('etag');
  });
});

test('mounted under a path, it is reached by that path as clients sign it', async () => {
  const mounted = s3App({
    bucket: env.BUCKET,
    name: 'lake',
    credentials: staticCredentials({ key: keys.secretAccessKey }),
    basePath: '/s3',
    world: defaultWorld,
  });
  const client = new AwsClient({ ...keys, service: 's3', region: 'auto' });
  const send = async (url: string, init: Init) => wireTo(mounted)(await client.sign(url, init));
  expect(await codeOf(send('http://gateway.example/s3/lake/x', { method: 'PUT', body: 'x' }))).toBeNull();
  expect(await codeOf(send('http://gateway.example/lake/x', {}))).toBe('InvalidURI');
  expect(await everything()).toEqual(['x']);
});
