/** What an answer to a commit means: one pure function over what came back (REST OpenAPI: updateTable). */
import { isObject } from '../../util/is-object.ts';
import { parseJson } from '../../util/json.ts';
import { parseRetryAfterMs } from '../../util/retry.ts';
import type { CommitAnswer } from '../catalog.ts';
import { describe, parseServerError, type ServerError } from './error.ts';

/** What came back: a status and body, or nothing readable. */
export type CommitResponse =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly text: string;
      /** The `Retry-After` header. */
      readonly retryAfter?: string | null;
    }
  | { readonly kind: 'redirect'; readonly status: number }
  | { readonly kind: 'lost'; readonly cause: unknown };

/** A {@link CommitAnswer} whose table is still JSON; null: committed, without a body (204). */
export type CommitVerdict =
  | { readonly kind: 'committed'; readonly body: Readonly<Record<string, unknown>> | null }
  | Exclude<CommitAnswer, { kind: 'committed' }>;

/** Statuses with which a server refuses a request without having begun to apply it. */
const REFUSED: ReadonlySet<number> = new Set([400, 403, 404, 405, 406, 410, 411, 412, 413, 414, 415, 422, 428, 431]);
/** How older servers word a stale sequence number or first row id, which answer 400 where newer ones answer 409. */
const STALE = /sequence number \S+ older than|first-row-id is behind|CommitFailedException/i;

/**
 * Classifies one answer. `unknown` is the answer to everything that does not prove one or the other: only a
 * parsable 2xx means committed, only statuses that come before any work mean refused.
 */
export function classifyCommitResponse(response: CommitResponse, nowMs: number): CommitVerdict {
  if (response.kind === 'lost') {
    return { kind: 'unknown', message: `no answer came back (${describe(response.cause)})`, cause: response.cause };
  }
  if (response.kind === 'redirect') {
    return { kind: 'unknown', message: 'the answer was a redirect, which is not followed' };
  }
  const { status, text } = response;
  if (status === 204) return { kind: 'committed', body: null };
  if (status >= 200 && status < 300) return fromSuccess(status, text);
  const error = parseServerError(text);
  if (/CommitStateUnknown/.test(error.type)) return { kind: 'unknown', message: said(status, error) };
  if (status === 409) return { kind: 'conflict', message: said(status, error) };
  if (status === 401 || status === 419) return { kind: 'unauthenticated', message: said(status, error) };
  if (status === 429) {
    return { kind: 'throttled', retryAfterMs: parseRetryAfterMs(response.retryAfter ?? null, nowMs) };
  }
  if (status === 400 && STALE.test(`${error.type} ${error.message}`)) {
    return { kind: 'conflict', message: said(status, error) };
  }
  if (REFUSED.has(status)) return { kind: 'rejected', status, message: said(status, error) };
  return { kind: 'unknown', message: said(status, error) };
}

function fromSuccess(status: number, text: string): CommitVerdict {
  try {
    const body = parseJson(text, { file: "the catalog's answer" });
    if (isObject(body) && isObject(body['metadata'])) {
      return { kind: 'committed', body };
    }
  } catch {
    // Said below: what cannot be read proves nothing.
  }
  return { kind: 'unknown', message: `status ${status}, but the body is not a commit's answer` };
}

function said(status: number, { type, message }: ServerError): string {
  const text = [type, message].filter((part) => part !== '').join(': ');
  return text === '' ? `status ${status}` : `status ${status} (${text})`;
}
