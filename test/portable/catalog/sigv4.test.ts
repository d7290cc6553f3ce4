import { describe, expect, it } from 'vitest';
import { signingScope, signRequest, sigv4 } from '../../../src/catalog/rest/auth/sigv4.ts';
import { Secrets } from '../../../src/catalog/rest/scrub.ts';
import { defaultWorld } from '../../../src/util/world.ts';
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
    const signed = await signRequest(requestOf(vector), {
      credentials,
      region: 'us-east-1',
      service: 'service',
      date: new Date('2015-08-30T12:36:00Z'),
      encodePathAgain: !SENT_UNENCODED.has(vector.name),
    });
    expect(signed.headers.get('authorization')).toBe(vector.authorization);
  });
});

describe('signing for a catalog', () => {
  it('reads service and region from AWS host names', () => {
    expect(signingScope('glue.eu-west-1.amazonaws.com')).toEqual({ service: 'glue', region: 'eu-west-1' });
    expect(signingScope('s3tables.us-east-2.amazonaws.com')).toEqual({ service: 's3tables', region: 'us-east-2' });
    expect(signingScope('glue.cn-north-1.amazonaws.com.cn')).toEqual({ service: 'glue', region: 'cn-north-1' });
    expect(signingScope('glue.eu-west-1.amazonaws.com.evil.example')).toEqual({ service: null, region: null });
    expect(signingScope('notglue.eu-west-1.amazonaws.com')).toEqual({ service: null, region: null });
  });

  it('signs body hash, session token and an encoded namespace', async () => {
    const auth = sigv4({ credentials: { ...credentials, sessionToken: 'session' } });
    const secrets = new Secrets();
    const url = new URL('https://glue.eu-west-1.amazonaws.com/iceberg/v1/namespaces/a%1Fb/tables');
    const request = { method: 'POST', url, headers: new Headers({ 'content-type': 'application/json' }), body: '{}' };
    const signed = await auth.authorize(request, { world: fixedWorld, secrets, catalogUri: url.origin });
    expect(signed.url.href).toBe(url.href);
    expect(signed.headers.get('x-amz-security-token')).toBe('session');
    expect(signed.headers.get('x-amz-content-sha256')).toBe(
      '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    );
    expect(signed.headers.get('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261121\/eu-west-1\/glue\/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    );
    expect(secrets.scrub(`key ${credentials.secretAccessKey}`)).toBe('key [removed]');
  });

  it('needs a region where the host does not tell one', async () => {
    const auth = sigv4({ credentials });
    const url = new URL('https://catalog.example.com/v1/config');
    const request = { method: 'GET', url, headers: new Headers(), body: null };
    const context = { world: fixedWorld, secrets: new Secrets(), catalogUri: url.origin };
    await expect(auth.authorize(request, context)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      place: { option: 'rest.signing-region' },
    });
  });

  it('corrects its clock by the date of a refusal, once', async () => {
    const auth = sigv4({ credentials, region: 'r', service: 's' });
    const context = { world: fixedWorld, secrets: new Secrets(), catalogUri: 'https://catalog.example.com' };
    const url = new URL('https://catalog.example.com/v1/config');
    const request = { method: 'GET', url, headers: new Headers(), body: null };
    const headers = new Headers({ date: 'Sat, 21 Nov 2026 01:00:00 GMT' });
    expect(await auth.renew({ status: 403, headers, request }, context)).toBe(true);
    expect((await auth.authorize(request, context)).headers.get('x-amz-date')).toBe('20261121T010000Z');
    expect(await auth.renew({ status: 403, headers, request }, context)).toBe(false);
  });
});

const fixedWorld = { ...defaultWorld, now: () => Date.UTC(2026, 10, 21) };

function requestOf({ request }: SigV4Vector) {
  const [head = '', ...rest] = request.split('\n\n');
  const [first = '', ...lines] = head.split('\n');
  const [, method = '', path = ''] = /^(\S+) (.*) HTTP\/1\.1$/.exec(first) ?? [];
  const headers = new Headers();
  for (const line of lines) headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1));
  const host = headers.get('host') ?? '';
  headers.delete('host');
  return { method, url: new URL(`https://${host}${path}`), headers, body: rest.join('\n\n') || null };
}
