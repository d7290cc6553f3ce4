/** Signatures of requests and of chunks, against the examples of AWS’ documentation and its test suite. */
import { describe, expect, it } from 'vitest';
import { type Authenticated, authenticate } from '../../../src/server/s3/authenticate.ts';
import { incomingBody } from '../../../src/server/s3/body.ts';
import { type IncomingRequest, parseRequest } from '../../../src/server/s3/request.ts';
import { canonicalRequest } from '../../../src/server/s3/sigv4.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { concatBytes, utf8 } from '../../../src/util/encoding.ts';
import { sigV4Vectors } from '../../fixtures/sigv4-vectors.ts';
import { streamed, wireRequest } from '../../support/s3-wire.ts';

/** The example account of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. */
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const CREDENTIAL = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
const NOW = Date.UTC(2013, 4, 24);
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

function check(
  request: IncomingRequest,
  { secret = SECRET, nowMs = NOW, region = 'us-east-1' } = {},
): Promise<Authenticated> {
  const credentials = (id: string) => (id === 'AKIAIOSFODNN7EXAMPLE' ? { secret } : null);
  return authenticate(parseRequest(request, ''), { credentials, region, nowMs });
}

function signed(url: string, headers: Record<string, string>, names: string, signature: string, method = 'GET') {
  const authorization = `AWS4-HMAC-SHA256 Credential=${CREDENTIAL},SignedHeaders=${names},Signature=${signature}`;
  const host = new URL(url).host;
  const date = { 'x-amz-date': '20130524T000000Z' };
  return wireRequest(url, {
    method,
    headers: { host, ...date, 'x-amz-content-sha256': EMPTY, authorization, ...headers },
  });
}

const BUCKET = 'https://examplebucket.s3.amazonaws.com';
const COMMON = 'host;x-amz-content-sha256;x-amz-date';
const RANGE = 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41';

describe('the examples of the documentation', () => {
  it.each([
    ['a range', '/test.txt', `host;range;x-amz-content-sha256;x-amz-date`, RANGE],
    ['a subresource', '/?lifecycle', COMMON, 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
    ['a list', '/?max-keys=2&prefix=J', COMMON, '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
  ])('%s', async (_, path, names, signature) => {
    const headers = { range: 'bytes=0-9' };
    const auth = await check(signed(BUCKET + path, headers, names, signature));
    expect(auth.grant.secret).toBe(SECRET);
    expect(auth.chain.signature).toBe(signature);
  });

  it('a key with a character that URLs leave alone', async () => {
    const headers = {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    };
    const names = 'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class';
    const signature = '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd';
    await check(signed(`${BUCKET}/test$file.text`, headers, names, signature, 'PUT'));
    await check(signed(`${BUCKET}/test%24file.text`, headers, names, signature, 'PUT'));
  });

  it('a presigned URL, until it expires', async () => {
    const query =
      `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(CREDENTIAL)}&X-Amz-Date=20130524T000000Z` +
      '&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
      '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';
    const request = wireRequest(`${BUCKET}/test.txt?${query}`, { headers: { host: 'examplebucket.s3.amazonaws.com' } });
    expect((await check(request, { nowMs: NOW + 86_400_000 })).payload).toBe('UNSIGNED-PAYLOAD');
    await expect(check(request, { nowMs: NOW + 86_401_000 })).rejects.toMatchObject({ code: 'AccessDenied' });
    await expect(check(request, { nowMs: NOW - 901_000 })).rejects.toMatchObject({ code: 'RequestTimeTooSkewed' });
    for (const seconds of ['0', '-5', '604801', '']) {
      const url = request.url.replace('=86400', `=${seconds}`);
      const code = 'AuthorizationQueryParametersError';
      await expect(check(wireRequest(url, { headers: request.headers }))).rejects.toMatchObject({ code });
    }
    const longer = wireRequest(request.url.replace('86400', '86401'), { headers: request.headers });
    await expect(check(longer)).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
  });
});

it('the canonical requests of the test suite', () => {
  // S3 signs the path as it is; what fetch cannot send or changes is in the tests of the client.
  const others = /slash|relative|header-key-duplicate|header-value-(multiline|order)|space/;
  const cases = sigV4Vectors.filter(({ name }) => !others.test(name));
  expect(cases.length).toBeGreaterThan(15);
  for (const { name, request, canonical } of cases) {
    const [head = ''] = request.split('\n\n');
    const [first = '', ...lines] = head.split('\n');
    const [, method = '', path = ''] = /^(\S+) (.*) HTTP\/1\.1$/.exec(first) ?? [];
    const headers = new Headers();
    for (const line of lines) headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1));
    const payloadHash = canonical.slice(canonical.lastIndexOf('\n') + 1);
    const signedHeaders = (canonical.split('\n').at(-2) ?? '').split(';');
    const host = headers.get('host') ?? '';
    const raw = wireRequest(`https://${host}${path}`, { method });
    const read = parseRequest(raw, '');
    expect(
      canonicalRequest({ method, path: read.path, query: read.queryPairs, headers, host, signedHeaders, payloadHash }),
      name,
    ).toBe(canonical);
  }
});

describe('a request is refused', () => {
  const names = 'host;range;x-amz-content-sha256;x-amz-date';
  const range = (headers: Record<string, string> = {}) =>
    signed(`${BUCKET}/test.txt`, { range: 'bytes=0-9', ...headers }, names, RANGE);

  it.each([
    ['made with another secret', range(), { secret: 'another' }, 'SignatureDoesNotMatch'],
    ['changed on the way', range({ range: 'bytes=0-8' }), {}, 'SignatureDoesNotMatch'],
    ['sent elsewhere', range({ host: 'other.example' }), {}, 'SignatureDoesNotMatch'],
    ['with headers that nobody signed', range({ 'x-amz-acl': 'public-read' }), {}, 'AccessDenied'],
    ['old', range(), { nowMs: NOW + 901_000 }, 'RequestTimeTooSkewed'],
    ['of the future', range(), { nowMs: NOW - 901_000 }, 'RequestTimeTooSkewed'],
    ['for another region', range(), { region: 'eu-west-1' }, 'AuthorizationHeaderMalformed'],
    ['dated otherwise than its key', range({ 'x-amz-date': '20130523T235900Z' }), {}, 'AuthorizationHeaderMalformed'],
    ['that is not signed', wireRequest(`${BUCKET}/test.txt`, {}), {}, 'AccessDenied'],
    ['signed as of old', range({ authorization: 'AWS AKIAIOSFODNN7EXAMPLE:abc' }), {}, 'InvalidRequest'],
    [
      'with half a header',
      range({ authorization: 'AWS4-HMAC-SHA256 Credential=x' }),
      {},
      'AuthorizationHeaderMalformed',
    ],
    [
      'of someone unknown',
      range({
        authorization: `AWS4-HMAC-SHA256 Credential=nobody/${CREDENTIAL.slice(21)},SignedHeaders=${names},Signature=x`,
      }),
      {},
      'InvalidAccessKeyId',
    ],
    [
      'with a token that nobody gave',
      signed(
        `${BUCKET}/`,
        {
          'x-amz-security-token': 'x',
          authorization: `AWS4-HMAC-SHA256 Credential=nobody/${CREDENTIAL.slice(21)},SignedHeaders=${COMMON};x-amz-security-token,Signature=x`,
        },
        '',
        '',
      ),
      {},
      'InvalidToken',
    ],
  ] as const)('%s', async (_, request, options, code) => {
    await expect(check(request, options)).rejects.toMatchObject({ code });
  });
});

describe('a body in signed chunks', () => {
  const SEED = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';
  const SIGNATURES = [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ];
  const names =
    'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class';
  const first = 'a'.repeat(65_536);
  const second = 'a'.repeat(1024);
  const wire = (signatures = SIGNATURES, pieces = [first, second, '']) =>
    pieces.map((piece, i) => `${piece.length.toString(16)};chunk-signature=${signatures[i]}\r\n${piece}\r\n`).join('');

  /** The body as it is stored, or the code it is refused with. */
  async function read(body: string, pieceBytes = 10_000, decodedLength = 66_560): Promise<string> {
    const headers = {
      'content-encoding': 'aws-chunked',
      'content-length': '66824',
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'x-amz-decoded-content-length': '66560',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    };
    const url = 'https://s3.amazonaws.com/examplebucket/chunkObject.txt';
    const auth = await check(signed(url, headers, names, SEED, 'PUT'));
    const sent = { ...headers, 'x-amz-decoded-content-length': String(decodedLength) };
    const request = wireRequest(url, { method: 'PUT', headers: sent, body: streamed(utf8(body), pieceBytes) });
    const pieces: Bytes[] = [];
    try {
      for await (const piece of incomingBody(request, auth, 1e6).pieces) pieces.push(piece.slice());
    } catch (error) {
      expect(pieces.reduce((sum, piece) => sum + piece.length, 0)).toBeLessThan(decodedLength);
      return (error as { readonly code: string }).code;
    }
    return new TextDecoder().decode(concatBytes(pieces));
  }

  it.each([1, 7, 1000, 65_536, 100_000])('is the example’s, in pieces of %d bytes', async (pieceBytes) => {
    expect(await read(wire(), pieceBytes)).toBe(first + second);
  });

  it('is refused when a chunk was changed, moved, left out or cut off', async () => {
    const [a = '', b = '', c = ''] = SIGNATURES;
    const changed = `${first.slice(1)}b`;
    expect(await read(wire(SIGNATURES, [changed, second, '']))).toBe('SignatureDoesNotMatch');
    expect(await read(wire([b, a, c], [second, first, '']))).toBe('SignatureDoesNotMatch');
    expect(await read(wire([a, c], [first, '']), 10_000, 65_536)).toBe('SignatureDoesNotMatch');
    expect(await read(wire([a, b, 'f'.repeat(64)]))).toBe('SignatureDoesNotMatch');
    expect(await read(wire().replaceAll(/;chunk-signature=\w+/g, ''))).toBe('SignatureDoesNotMatch');
    for (const length of [10, 40_000, 66_600, 66_700]) {
      expect(await read(wire().slice(0, length)), `${length}`).toBe('IncompleteBody');
    }
    expect(await read(wire(), 10_000, 66_559)).toBe('IncompleteBody');
    expect(await read(wire(), 10_000, 66_561)).toBe('IncompleteBody');
    expect(await read('x'.repeat(9000))).toBe('IncompleteBody');
    expect(await read(`10000000000000${wire()}`)).toBe('IncompleteBody');
  });
});

describe('a body in signed chunks with a checksum after them', () => {
  const SIGNATURES = [
    'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
    '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
    '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
  ];
  const SEED = '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e';
  const TRAILER = 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435';

  async function read(checksum: string, trailerSignature: string): Promise<string> {
    const url = 'https://s3.amazonaws.com/examplebucket/chunkObject.txt';
    const headers = {
      'content-encoding': 'aws-chunked',
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': '66560',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-trailer': 'x-amz-checksum-crc32c',
    };
    const names =
      'content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer';
    const auth = await check(signed(url, headers, names, SEED, 'PUT'));
    const chunks = ['a'.repeat(65_536), 'a'.repeat(1024), '']
      .map((piece, i) => `${piece.length.toString(16)};chunk-signature=${SIGNATURES[i]}\r\n${piece}${piece && '\r\n'}`)
      .join('');
    const trailer = `x-amz-checksum-crc32c:${checksum}\r\nx-amz-trailer-signature:${trailerSignature}\r\n\r\n`;
    const request = wireRequest(url, { method: 'PUT', headers, body: streamed(utf8(chunks + trailer), 999) });
    try {
      const body = incomingBody(request, auth, 1e6);
      for await (const _ of body.pieces);
      return [...body.checksums()].join();
    } catch (error) {
      return (error as { readonly code: string }).code;
    }
  }

  it('is the example’s', async () => {
    expect(await read('sOO8/Q==', TRAILER)).toBe('x-amz-checksum-crc32c,sOO8/Q==');
    expect(await read('sOO8/Q==', SEED)).toBe('SignatureDoesNotMatch');
    expect(await read('sOO8/w==', TRAILER)).toBe('SignatureDoesNotMatch');
  });
});
