import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MAX_MESSAGE_LENGTH, Secrets } from '../../../src/catalog/rest/scrub.ts';

it.each([
  ['Bearer abcdef123456 refused', 'Bearer [removed] refused'],
  ['got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig here', 'got [removed] here'],
  ['https://user:pass@host/x?X-Amz-Signature=abc&y=1', 'https://host/x?X-Amz-Signature=[removed]&y=1'],
  ['{"client_secret":"hidden","x":1}', '{"client_secret":"[removed]","x":1}'],
  ['s3.secret-access-key=hidden, y', 's3.secret-access-key=[removed], y'],
  [
    '<AWSAccessKeyId>AKIA</AWSAccessKeyId><StringToSign>x</StringToSign>',
    '<AWSAccessKeyId>[removed]</AWSAccessKeyId><StringToSign>[removed]</StringToSign>',
  ],
  ['line\none\u0000two', 'line one two'],
])('what looks like a secret is removed: %j', (text, clean) => {
  expect(new Secrets().scrub(text)).toBe(clean);
});

it('known secrets are removed in every spelling, whatever is around them', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 6, unit: 'grapheme-ascii' }), fc.string(), (secret, around) => {
      fc.pre(secret.trim().length === secret.length && !around.includes(secret) && !/\s/.test(secret));
      const secrets = new Secrets();
      secrets.add(secret);
      const forms = [secret, encodeURIComponent(secret), new URLSearchParams([['', secret]]).toString().slice(1)];
      for (const form of forms) expect(secrets.scrub(`<${form}>`)).toBe('<[removed]>');
    }),
  );
});

it('a spelling that contains the plain secret is removed whole', () => {
  const secrets = new Secrets();
  secrets.add("'''0'%");
  expect(secrets.scrub(`<${encodeURIComponent("'''0'%")}>`)).toBe('<[removed]>');
});

it('messages are cut', () => {
  expect(new Secrets().scrub('x '.repeat(10_000)).length).toBe(MAX_MESSAGE_LENGTH + 1);
});

it('a secret too short to tell from text is not looked for', () => {
  const secrets = new Secrets();
  secrets.add('a', undefined);
  expect(secrets.scrub('a table')).toBe('a table');
});
