/** What the gateway reads from a request besides its signature: checksums, ranges, conditions, keys. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incomingBody } from '../../../src/server/s3/body.ts';
import { readOutcome, writeCondition } from '../../../src/server/s3/conditions.ts';
import { parseRange, rangeIn } from '../../../src/server/s3/range.ts';
import { checkKey, parseRequest } from '../../../src/server/s3/request.ts';
import { signingKey } from '../../../src/server/s3/sigv4.ts';
import { xmlDocument } from '../../../src/server/s3/xml.ts';
import { childText, parseXml } from '../../../src/storage/s3/xml.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { crc32 } from '../../../src/util/crc32.ts';
import { concatBytes, toBase64, utf8 } from '../../../src/util/encoding.ts';
import { streamed, wireRequest } from '../../support/s3-wire.ts';

const scope = { day: '20261121', region: 'auto', service: 's3' };
const chain = { key: signingKey('s', scope), amzDate: '20261121T000000Z', scope, signature: 'x' };

/** The body as it is stored, or the code it is refused with. */
async function read(sent: Bytes, headers: Record<string, string>, payload = 'UNSIGNED-PAYLOAD', breaksAt?: number) {
  const body = streamed(sent, 5, breaksAt);
  const request = wireRequest('http://x/y/z', { method: 'PUT', headers, body });
  const pieces: Bytes[] = [];
  try {
    const incoming = incomingBody(request, { grant: { secret: 's' }, payload, chain }, 100);
    for await (const piece of incoming.pieces) pieces.push(piece.slice());
  } catch (error) {
    // The last bytes are kept back, so that nothing whole can have been stored.
    expect(concatBytes(pieces).length === 0 || concatBytes(pieces).length < sent.length).toBe(true);
    return (error as { readonly code: string }).code;
  }
  return new TextDecoder().decode(concatBytes(pieces));
}

function bigEndian(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

const nine = utf8('123456789');
const length = { 'content-length': '9' };

describe('checksums', () => {
  const known = [
    ['x-amz-checksum-crc32', 'y/Q5Jg=='],
    ['x-amz-checksum-crc32c', '4waSgw=='],
    ['x-amz-checksum-crc64nvme', 'rosUhgp5mIg='],
    ['x-amz-checksum-sha1', '98O8HYCOBHMq32eZZczDTKeuNEE='],
    ['x-amz-checksum-sha256', 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU='],
    ['content-md5', 'JfnnlDI7RTiF9RgfG2JNCw=='],
  ] as const;

  it.each(known)('%s of a body is checked', async (name, checksum) => {
    expect(await read(nine, { ...length, [name]: checksum })).toBe('123456789');
    expect(await read(utf8('123456780'), { ...length, [name]: checksum })).toBe('BadDigest');
  });

  it.each(known)('%s that is none is said to be none, as S3 does', async (name, checksum) => {
    const code = name === 'content-md5' ? 'InvalidDigest' : 'InvalidRequest';
    const hex = 'c'.repeat(8);
    for (const none of [
      '',
      'AAAA',
      'no base64',
      hex,
      `${checksum}AAAA`,
      checksum.replaceAll('=', ''),
      checksum.slice(4),
    ]) {
      expect(await read(nine, { ...length, [name]: none }), none).toBe(code);
    }
  });

  it.each(known.slice(0, 5))('%s after a body is checked', async (name, checksum) => {
    const headers = { 'x-amz-decoded-content-length': '9', 'x-amz-trailer': name };
    const wire = (trailer: string) => utf8(`4\r\n1234\r\n5\r\n56789\r\n0\r\n${trailer}\r\n`);
    const kind = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
    expect(await read(wire(`${name}:${checksum}\r\n`), headers, kind)).toBe('123456789');
    expect(await read(wire(`${name}:${checksum}\n`), headers, kind)).toBe('123456789');
    const another = `A${checksum.slice(1)}`;
    expect(await read(wire(`${name}:${another}\r\n`), headers, kind)).toBe('BadDigest');
    expect(await read(wire(`${name}:AAAA\r\n`), headers, kind)).toBe('InvalidRequest');
    expect(await read(wire(`${name}:${checksum}\r\nx-other:1\r\n`), headers, kind)).toBe('MalformedTrailerError');
    expect(await read(wire(''), headers, kind)).toBe('MalformedTrailerError');
    expect(await read(wire('what is this\r\n'), headers, kind)).toBe('MalformedTrailerError');
  });

  it('that are unknown are refused, not passed over', async () => {
    expect(await read(nine, { ...length, 'x-amz-checksum-xxhash3': 'AAAA' })).toBe('InvalidRequest');
    const headers = { 'x-amz-decoded-content-length': '9', 'x-amz-trailer': 'x-amz-checksum-sha512' };
    expect(await read(nine, headers, 'STREAMING-UNSIGNED-PAYLOAD-TRAILER')).toBe('InvalidRequest');
    expect(await read(nine, length, 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD')).toBe('InvalidArgument');
  });
});

describe('a body', () => {
  it('has the hash that was signed', async () => {
    const hash = '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225';
    expect(await read(nine, length, hash)).toBe('123456789');
    expect(await read(utf8('12345678x'), length, hash)).toBe('XAmzContentSHA256Mismatch');
  });

  it('is the same from a stream of bytes, as those of the network are', async () => {
    const sent = new Uint8Array(200_000).map((_, i) => i % 251);
    const body = new Response(sent).body;
    const headers = { 'content-length': '200000', 'x-amz-checksum-crc32': toBase64(bigEndian(crc32(sent))) };
    const request = wireRequest('http://x/y/z', { method: 'PUT', headers, body });
    const auth = { grant: { secret: 's' }, payload: 'UNSIGNED-PAYLOAD', chain };
    const pieces: Bytes[] = [];
    for await (const piece of incomingBody(request, auth, 1e6).pieces) pieces.push(piece.slice());
    expect(concatBytes(pieces).every((byte, i) => byte === i % 251)).toBe(true);
    expect(concatBytes(pieces)).toHaveLength(200_000);
  });

  it('has the length it says, and arrives whole', async () => {
    expect(await read(nine, {})).toBe('MissingContentLength');
    expect(await read(nine, { 'content-length': '101' })).toBe('EntityTooLarge');
    expect(await read(nine, { 'content-length': '-1' })).toBe('InvalidArgument');
    for (const said of ['8', '10']) expect(await read(nine, { 'content-length': said })).toBe('IncompleteBody');
    expect(await read(nine, length, undefined, 5)).toBe('IncompleteBody');
    expect(await read(new Uint8Array(), { 'content-length': '0' })).toBe('');
  });
});

it('ranges are those that RFC 9110 means', () => {
  const bytesOf = (header: string, size: number) => {
    const range = parseRange(header);
    return range === null ? 'all' : rangeIn(range, size);
  };
  expect(bytesOf('bytes=0-4', 10)).toEqual({ start: 0, end: 5 });
  expect(bytesOf('bytes=7-', 10)).toEqual({ start: 7, end: 10 });
  expect(bytesOf('bytes=-3', 10)).toEqual({ start: 7, end: 10 });
  expect(bytesOf('bytes=-30', 10)).toEqual({ start: 0, end: 10 });
  expect(bytesOf('bytes=8-99', 10)).toEqual({ start: 8, end: 10 });
  for (const none of ['bytes=10-', 'bytes=99-100', 'bytes=-0']) expect(bytesOf(none, 10), none).toBeNull();
  for (const all of ['', 'bytes=', 'bytes=-', 'bytes=5-4', 'bytes=0-1,3-4', 'rows=0-1', 'bytes=a-b']) {
    expect(bytesOf(all, 10), all).toBe('all');
  }
  for (const spaced of ['bytes= 0-1', 'bytes =0-1', 'bytes=0 -1', 'bytes=0- 1', 'bytes=- 1', 'bytes=\t0-1']) {
    expect(bytesOf(spaced, 10), spaced).toBe('all');
  }
  expect(bytesOf('BYTES=0-1', 10)).toEqual({ start: 0, end: 2 });
});

it('preconditions of reads hold by etag first, then by date', () => {
  const object = { key: 'k', size: 1, httpEtag: '"e"', uploaded: new Date('2026-11-21T10:00:00.700Z') };
  const outcome = (headers: Record<string, string>) => readOutcome(new Headers(headers), object);
  const [before, same, after] = [9, 10, 11].map((hour) => new Date(Date.UTC(2026, 10, 21, hour)).toUTCString()) as [
    string,
    string,
    string,
  ];
  expect(outcome({})).toBe('send');
  expect(outcome({ 'if-match': '"x", "e"', 'if-unmodified-since': before })).toBe('send');
  expect(outcome({ 'if-match': '*' })).toBe('send');
  expect(outcome({ 'if-match': '"x"' })).toBe('failed');
  expect(outcome({ 'if-unmodified-since': before })).toBe('failed');
  expect(outcome({ 'if-unmodified-since': same })).toBe('send');
  expect(outcome({ 'if-none-match': '"e"', 'if-modified-since': before })).toBe('not modified');
  expect(outcome({ 'if-none-match': '"x"', 'if-modified-since': after })).toBe('send');
  expect(outcome({ 'if-modified-since': same })).toBe('not modified');
  expect(outcome({ 'if-modified-since': before })).toBe('send');
});

it('preconditions of writes are those that R2 checks itself', () => {
  const condition = (headers: Record<string, string>) => writeCondition(new Headers(headers));
  expect(condition({})).toBeNull();
  expect(condition({ 'if-none-match': '*' })).toEqual({ etagDoesNotMatch: '*' });
  expect(condition({ 'if-match': '"e"' })).toEqual({ etagMatches: 'e' });
  for (const other of [
    { 'if-none-match': '"e"' },
    { 'if-match': '*' },
    { 'if-match': '"a","b"' },
    { 'if-match': '"e"', 'if-none-match': '*' },
    { 'if-modified-since': 'x' },
  ]) {
    expect(() => condition(other as unknown as Record<string, string>)).toThrow(
      expect.objectContaining({ code: 'NotImplemented' }),
    );
  }
});

describe('keys', () => {
  it('are decoded exactly once, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
        fc.pre(key.isWellFormed() && !key.split('/').some((segment) => /^\.\.?$/.test(segment)));
        const path = key.split('/').map(encodeURIComponent).join('/');
        expect(parseRequest(wireRequest(`http://host/base/lake/${path}`, {}), '/base')).toMatchObject({
          bucket: 'lake',
          key,
        });
        const all = encodeURIComponent(key).replaceAll('.', '%2E');
        if (!/^(%2E){1,2}$/.test(all))
          expect(parseRequest(wireRequest(`http://host/lake/${all}`, {}), '').key).toBe(key);
      }),
    );
    expect(parseRequest(wireRequest('http://host/lake/a%2520b+c', {}), '').key).toBe('a%20b+c');
  });

  it('that lead elsewhere, or are no keys, are refused', () => {
    const bad = [
      ['a/../b', 'InvalidArgument'],
      ['..', 'InvalidArgument'],
      ['a/./b', 'InvalidArgument'],
      ['a\u0000b', 'InvalidArgument'],
      ['a\nb', 'InvalidArgument'],
      ['\ud800', 'InvalidArgument'],
      ['ü'.repeat(513), 'KeyTooLongError'],
      ['.icestream-uploads/open/x', 'AccessDenied'],
    ] as const;
    for (const [key, code] of bad) expect(() => checkKey(key), key).toThrow(expect.objectContaining({ code }));
    expect(checkKey('a..b/.../.hidden')).toBe('a..b/.../.hidden');
    for (const path of ['/lake/%', '/lake/%FF', '/lake/%C0%AE%C0%AE/x']) {
      expect(() => parseRequest(wireRequest(`http://host${path}`, {}), '')).toThrow(
        expect.objectContaining({ code: 'InvalidURI' }),
      );
    }
    expect(() => parseRequest(wireRequest('http://host/base-elsewhere/x', {}), '/base')).toThrow();
  });

  it('stand in XML as they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(childText(parseXml(xmlDocument('Error', { Key: text })), 'Key')).toBe(text.toWellFormed());
      }),
    );
  });
});
