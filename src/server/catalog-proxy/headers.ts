/** Which headers pass, each way. All others are the hop's own, or nobody else's business. */

const TO_UPSTREAM: ReadonlySet<string> = new Set([
  'accept',
  'authorization',
  'content-type',
  'idempotency-key',
  'if-none-match',
  'x-iceberg-access-delegation',
]);
const TO_CLIENT = ['content-type', 'etag', 'retry-after', 'www-authenticate'] as const;

/** `authorization`: in place of the caller's. */
export function requestHeaders(sent: Headers, authorization: string | undefined): Headers {
  const headers = new Headers();
  for (const [name, value] of sent) if (TO_UPSTREAM.has(name) || name.startsWith('x-client-')) headers.set(name, value);
  if (authorization !== undefined) headers.set('authorization', authorization);
  return headers;
}

export function responseHeaders(answered: Headers): Headers {
  // Answers hold credentials, and what they say they are is what they are.
  const headers = new Headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  for (const name of TO_CLIENT) {
    const value = answered.get(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}
