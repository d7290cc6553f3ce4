import { AwsV4Signer } from 'aws4fetch';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../../src/util/encoding.ts';
import { encodeStrictly, signedHeaders } from '../../../src/util/sigv4.ts';
import { type SigV4Vector, sigV4Vectors } from '../../fixtures/sigv4-vectors.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

/** Cases about what `fetch` never sends, with the reason. */
const NOT_APPLICABLE = new Map([
  ['get-header-key-duplicate', 'fetch joins repeated headers with a comma and a space, and that is what is signed'],
  ['get-header-value-order', 'the same'],
  ['get-header-value-multiline', 'fetch refuses folded headers'],
]);
/** The request lines of these are not percent-encoded, which no server accepts: encoded once, they are signed as sent. */
const SENT_UNENCODED = new Set(['get-utf8', 'get-space']);

describe('the AWS test suite', () => {
  it('has all of its cases here', () => {
    expect(sigV4Vectors).toHaveLength(31);
  });
  const cases = sigV4Vectors.filter(({ name }) => !NOT_APPLICABLE.has(name));
  it.each(cases)('$name', async (vector) => {
    const signed = await signedHeaders(await requestOf(vector), {
      ...credentials,
      region: 'us-east-1',
      service: 'service',
      nowMs: Date.parse('2015-08-30T12:36:00Z'),
      path: SENT_UNENCODED.has(vector.name) ? 'as-sent' : 'encoded-again',
    });
    expect(signed.get('authorization')).toBe(vector.authorization);
  });
});

it('signs requests to S3 as aws4fetch does', async () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
  const keys = new Map<string, CryptoKey>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { minLength: 1, maxLength: 3 }),
      fc.dictionary(text, text, { maxKeys: 3 }),
      fc.option(fc.constant('token'), { nil: undefined }),
      async (folders, query, sessionToken) => {
        // `URL` takes such parts out.
        fc.pre(folders.every((folder) => !/^\.{1,2}$/.test(folder)));
        const url = new URL(`http://h:9000/${folders.map(encodeStrictly).join('/')}`);
        for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
        const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'x-amz-meta-a': ' b  c ' };
        const secret = { ...credentials, ...(sessionToken === undefined ? {} : { sessionToken }) };
        const scope = { service: 's3', region: 'auto' };
        const datetime = '20261122T000000Z';
        const theirs = new AwsV4Signer({ ...secret, ...scope, method: 'PUT', url: url.href, headers, datetime });
        const ours = await signedHeaders(
          { method: 'PUT', url, headers: new Headers(headers), payloadHash: 'UNSIGNED-PAYLOAD' },
          { ...secret, ...scope, nowMs: Date.UTC(2026, 10, 22), path: 'as-sent', keys },
        );
        expect(ours.get('authorization')).toBe((await theirs.sign()).headers.get('authorization'));
        expect(ours.get('x-amz-security-token')).toBe(sessionToken ?? null);
      },
    ),
    { numRuns: 100 },
  );
  expect([...keys.keys()]).toEqual(['20261122/auto/s3/aws4_request']);
});

async function requestOf({ request }: SigV4Vector) {
  const [head = '', ...rest] = request.split('\n\n');
  const [first = '', ...lines] = head.split('\n');
  const [, method = '', path = ''] = /^(\S+) (.*) HTTP\/1\.1$/.exec(first) ?? [];
  const headers = new Headers();
  for (const line of lines) headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1));
  const host = headers.get('host') ?? '';
  headers.delete('host');
  const body = utf8(rest.join('\n\n'));
  const payloadHash = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', body)));
  return { method, url: new URL(`https://${host}${path}`), headers, payloadHash };
}
