/** Who asks: a bearer token, or a signature by a shared secret. */
import type { TableIdentifier } from '../../catalog/catalog.ts';
import { formatIdentifier, formatNamespace } from '../../catalog/identifier.ts';
import { toHex, utf8 } from '../../util/encoding.ts';
import { requireKnownOptions } from '../../util/known-options.ts';
import { sameSecret } from '../constant-time.ts';
import type { IngestKey } from './options.ts';
import { RequestProblem } from './problem.ts';

/** How far a signature's time may be from the server's. */
const MAX_SKEW_MS = 5 * 60_000;

export interface SignedParts {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly contentType: string;
  readonly idempotencyKey: string;
}

/**
 * The `Authorization` header of a signed request: HMAC-SHA256 over its method, path with query, content type and
 * idempotency key, and the time. A request sent again by someone else within its time is the same load, not another:
 * that is why the idempotency key is part of it, and required. The body is not signed: use HTTPS.
 */
export async function hmacAuthorization(
  key: { readonly id: string; readonly hmacSecret: string },
  parts: SignedParts,
  nowMs: number,
): Promise<string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  return `HMAC-SHA256 key=${key.id}, time=${timestamp}, signature=${await signature(key.hmacSecret, timestamp, parts)}`;
}

async function signature(secret: string, timestamp: string, parts: SignedParts): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', utf8(secret), algorithm, false, ['sign']);
  const { method, path, contentType, idempotencyKey } = parts;
  const text = [timestamp, method, path, contentType, idempotencyKey].join('\n');
  return toHex(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(text))));
}

/** A key has one of its secrets. */
const KEY = { id: true, tables: true, token: true, hmacSecret: true } as const;

/** @throws TypeError for a key that would let in who has none, that names no tables, or says what there is not. */
export function checkKeys(keys: readonly IngestKey[]): void {
  for (const key of keys) {
    requireKnownOptions<object>(`key ${JSON.stringify(key.id)} of ingestApp`, key, KEY);
    const secret = 'token' in key ? key.token : key.hmacSecret;
    if (typeof secret !== 'string' || secret.trim() === '') {
      throw new TypeError(`keys: ${JSON.stringify(key.id)} needs a token or an hmacSecret that is not empty`);
    }
    if (!Array.isArray(key.tables)) {
      throw new TypeError(`keys: ${JSON.stringify(key.id)} needs a list of tables, as ["web.*"]`);
    }
  }
}

/** @throws RequestProblem 401: nobody that is known. The answer does not say what is wrong. */
export async function authenticate(keys: readonly IngestKey[], request: Request, nowMs: number): Promise<IngestKey> {
  const [scheme = '', rest = ''] = splitOnce(request.headers.get('authorization') ?? '', ' ');
  const found = scheme.toLowerCase() === 'bearer' ? await byToken(keys, rest.trim()) : null;
  const signed = scheme.toLowerCase() === 'hmac-sha256' ? await bySignature(keys, rest, request, nowMs) : null;
  const key = found ?? signed;
  if (key !== null) return key;
  throw new RequestProblem(
    401,
    'UNAUTHORIZED',
    'give "Authorization: Bearer …" with a token of this server, or sign the request',
    { 'www-authenticate': 'Bearer, HMAC-SHA256' },
  );
}

/** All keys are compared: how long it takes does not tell which one is near. */
async function byToken(keys: readonly IngestKey[], token: string): Promise<IngestKey | null> {
  let found: IngestKey | null = null;
  for (const key of keys) if ('token' in key && (await sameSecret(key.token, token))) found = key;
  return found;
}

async function bySignature(
  keys: readonly IngestKey[],
  text: string,
  request: Request,
  nowMs: number,
): Promise<IngestKey | null> {
  const fields = new Map(text.split(',').map((field) => splitOnce(field.trim(), '=')));
  const timestamp = fields.get('time') ?? '';
  const age = nowMs - Number(timestamp) * 1000;
  const key = keys.find((one) => 'hmacSecret' in one && one.id === fields.get('key'));
  if (key === undefined || !('hmacSecret' in key) || !/^\d{1,12}$/.test(timestamp)) return null;
  const url = new URL(request.url);
  const parts: SignedParts = {
    method: request.method,
    path: url.pathname + url.search,
    contentType: request.headers.get('content-type') ?? '',
    idempotencyKey: request.headers.get('idempotency-key') ?? '',
  };
  const same = await sameSecret(await signature(key.hmacSecret, timestamp, parts), fields.get('signature') ?? '');
  const replayable = request.method !== 'GET' && parts.idempotencyKey === '';
  return same && Math.abs(age) <= MAX_SKEW_MS && !replayable ? key : null;
}

/** @throws RequestProblem 403, in the same words whether or not there is such a table. */
export function requireTable(key: IngestKey, identifier: TableIdentifier): void {
  const [table, namespace] = [formatIdentifier(identifier), formatNamespace(identifier.namespace)];
  if (key.tables.some((pattern) => pattern === table || pattern === `${namespace}.*`)) return;
  throw new RequestProblem(403, 'TABLE_NOT_ALLOWED', `this key may not load into ${table}`);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
