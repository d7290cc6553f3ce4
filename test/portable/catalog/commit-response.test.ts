import { expect, it } from 'vitest';
import { type CommitResponse, classifyCommitResponse } from '../../../src/catalog/rest/commit-response.ts';

const answer = (status: number, body: unknown = '', retryAfter?: string): CommitResponse => ({
  kind: 'answer',
  status,
  text: typeof body === 'string' ? body : JSON.stringify(body),
  ...(retryAfter === undefined ? {} : { retryAfter }),
});
const error = (status: number, type: string, message = 'said') =>
  answer(status, { error: { type, message, code: status } });
const HTML = '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>';
const metadata = { 'format-version': 2 };
const now = Date.UTC(2026, 10, 21);

/** What a server answers, and what is known of the commit then. */
const ROWS: ReadonlyArray<readonly [string, CommitResponse, object]> = [
  ['200', answer(200, { 'metadata-location': 'x', metadata }), { kind: 'committed', body: { metadata } }],
  ['204', answer(204), { kind: 'committed', body: null }],
  ['200 without a body', answer(200), { kind: 'unknown' }],
  ['200 with HTML', answer(200, HTML), { kind: 'unknown' }],
  ['200 cut short', answer(200, '{"metadata":{"format-ver'), { kind: 'unknown' }],
  ['200 with other JSON', answer(200, { ok: true }), { kind: 'unknown' }],
  ['200 with a list', answer(200, []), { kind: 'unknown' }],
  ['202', answer(202), { kind: 'unknown' }],
  [
    '409',
    error(409, 'CommitFailedException'),
    { kind: 'conflict', message: 'status 409 (CommitFailedException: said)' },
  ],
  ['409 of an existing table', error(409, 'AlreadyExistsException'), { kind: 'conflict' }],
  ['409 with an empty type', error(409, ''), { kind: 'conflict', message: 'status 409 (said)' }],
  ['409 without a body', answer(409), { kind: 'conflict', message: 'status 409' }],
  ['409 with HTML', answer(409, HTML), { kind: 'conflict' }],
  ['409 that knows nothing', error(409, 'CommitStateUnknownException'), { kind: 'unknown' }],
  ['400', error(400, 'BadRequestException'), { kind: 'rejected', status: 400 }],
  ['400 that knows nothing', error(400, 'CommitStateUnknownException'), { kind: 'unknown' }],
  [
    '400 of a stale sequence number',
    error(400, 'ValidationException', 'Cannot add snapshot with sequence number 3 older than last sequence number 3'),
    { kind: 'conflict' },
  ],
  [
    '400 of a stale row id',
    error(400, 'ValidationException', 'Cannot add a snapshot, first-row-id is behind table next-row-id: 3 < 4'),
    { kind: 'conflict' },
  ],
  ['401', error(401, 'NotAuthorizedException'), { kind: 'unauthenticated' }],
  ['401 with HTML', answer(401, HTML), { kind: 'unauthenticated' }],
  ['403', error(403, 'ForbiddenException'), { kind: 'rejected', status: 403 }],
  ['404', error(404, 'NoSuchTableException'), { kind: 'rejected', status: 404 }],
  ['405', answer(405), { kind: 'rejected', status: 405 }],
  ['406', error(406, 'UnsupportedOperationException'), { kind: 'rejected', status: 406 }],
  ['413', answer(413, HTML), { kind: 'rejected', status: 413 }],
  ['419', error(419, 'AuthenticationTimeoutException'), { kind: 'unauthenticated' }],
  ['422', error(422, 'IdempotencyKeyConflict'), { kind: 'rejected', status: 422 }],
  ['429 in seconds', answer(429, '', '7'), { kind: 'throttled', retryAfterMs: 7000 }],
  ['429 by date', answer(429, '', 'Sat, 21 Nov 2026 00:00:05 GMT'), { kind: 'throttled', retryAfterMs: 5000 }],
  ['429 alone', answer(429), { kind: 'throttled', retryAfterMs: null }],
  ['408', answer(408), { kind: 'unknown' }],
  ['418', answer(418), { kind: 'unknown' }],
  ['499', answer(499), { kind: 'unknown' }],
  ['500', error(500, 'CommitStateUnknownException'), { kind: 'unknown' }],
  ['500 of another kind', error(500, 'RuntimeException'), { kind: 'unknown' }],
  ['501', answer(501), { kind: 'unknown' }],
  ['502 with HTML', answer(502, HTML), { kind: 'unknown', message: 'status 502 (502 Bad Gateway nginx)' }],
  ['503', error(503, 'SlowDownException'), { kind: 'unknown' }],
  ['503 with Retry-After', answer(503, '', '1'), { kind: 'unknown' }],
  ['504', answer(504), { kind: 'unknown' }],
  ['520', answer(520), { kind: 'unknown' }],
  ['a redirect', { kind: 'redirect', status: 302 }, { kind: 'unknown' }],
  ['an opaque redirect', { kind: 'redirect', status: 0 }, { kind: 'unknown' }],
  [
    'no answer',
    { kind: 'lost', cause: new TypeError('fetch failed', { cause: new Error('socket hang up') }) },
    { kind: 'unknown', message: 'no answer came back (fetch failed: socket hang up)' },
  ],
];

it.each(ROWS)('%s', (_, response, expected) => {
  expect(classifyCommitResponse(response, now)).toMatchObject(expected);
});

it('only a readable 2xx is committed, whatever the status', () => {
  for (let status = 200; status < 600; status++) {
    const { kind } = classifyCommitResponse(answer(status, HTML), now);
    expect(kind === 'committed').toBe(status === 204);
    if (status >= 500) expect(kind).toBe('unknown');
  }
});

it('a deeply nested answer is not followed down', () => {
  const text = `{"metadata":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  expect(classifyCommitResponse(answer(200, text), now)).toMatchObject({ kind: 'unknown' });
  expect(classifyCommitResponse(answer(409, text), now)).toMatchObject({ kind: 'conflict' });
});
