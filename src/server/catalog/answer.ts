/** What a handler answers, before it becomes a `Response`. */
import { stringifyJson } from '../../util/json.ts';

export interface Answer {
  readonly status: number;
  /** JSON; null for none. */
  readonly body: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `bigint` becomes a bare number. */
export function json(value: unknown, status = 200): Answer {
  return { status, body: stringifyJson(value) };
}

export const NO_CONTENT: Answer = { status: 204, body: null };

export function responseOf({ status, body, headers }: Answer): Response {
  const type: Record<string, string> = body === null ? {} : { 'content-type': 'application/json' };
  // Answers hold credentials: no cache may keep them.
  return new Response(body, { status, headers: { 'cache-control': 'no-store', ...type, ...headers } });
}
