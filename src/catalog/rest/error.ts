/** From an answer that is not a success to an error that says what happened, to what, and what to do. */
import { type ErrorCode, IcestreamError } from '../../errors.ts';
import type { RestAuth } from './auth/auth.ts';
import type { Exchange } from './exchange.ts';
import type { Secrets } from './scrub.ts';

/** What a server said of an error; both are empty when it said nothing readable. */
export interface ServerError {
  /** The Java exception's name, e.g. `NoSuchTableException`. */
  readonly type: string;
  readonly message: string;
}

export interface RestErrorContext {
  readonly name: string;
  readonly uri: string;
  readonly auth: RestAuth;
  readonly secrets: Secrets;
  readonly method: string;
  readonly operation: string;
  readonly subject: string | null;
}

/** Reads the REST error model, AWS's errors, or a page of HTML or text; never throws. Not scrubbed. */
export function parseServerError(text: string): ServerError {
  const body = text.length > 1 << 18 ? null : parse(text);
  const error = body?.['error'];
  if (typeof error === 'object' && error !== null) {
    const model = error as Record<string, unknown>;
    return { type: asText(model['type']), message: asText(model['message']) };
  }
  if (body !== null) {
    const message = asText(body['message'] ?? body['Message'] ?? body['error_description'] ?? error);
    return { type: asText(body['__type'] ?? body['type']), message };
  }
  return { type: '', message: plainText(text.slice(0, 2000)) };
}

/** The error for an exchange that did not succeed. Messages are scrubbed of secrets and cut. */
export function restError(exchange: Exchange, context: RestErrorContext): IcestreamError {
  const { name, operation, subject, secrets } = context;
  const what = `catalog ${name}: ${operation}${subject === null ? '' : ` ${secrets.scrub(subject)}`}`;
  const place = subject === null ? {} : { table: secrets.scrub(subject) };
  if (exchange.kind === 'lost') {
    const reason = secrets.scrub(describe(exchange.cause));
    return new IcestreamError('UNAVAILABLE', `${what} got no answer (${reason}); check that ${context.uri} is up`, {
      ...place,
      retryable: true,
    });
  }
  if (exchange.kind === 'redirect') {
    return new IcestreamError(
      'INVALID_RESPONSE',
      `${what} was answered with a redirect, which is not followed because credentials would go along; give the address it leads to as the uri`,
      { ...place, ...(exchange.status === 0 ? {} : { status: exchange.status }) },
    );
  }
  const { status } = exchange;
  const { type, message } = parseServerError(exchange.text);
  const [code, advice] = meaning(status, type, context);
  const said = secrets.scrub([type, message].filter((part) => part !== '').join(': '));
  return new IcestreamError(code, `${what} failed with status ${status}${said === '' ? '' : ` (${said})`}; ${advice}`, {
    ...place,
    status,
    retryable: code === 'UNAVAILABLE',
  });
}

/** What a thrown value says, its causes included (`fetch failed` alone says little). */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error && error.cause.message !== '' ? `: ${error.cause.message}` : '';
  return `${error.message}${cause}` || error.name;
}

function meaning(status: number, type: string, { auth, method }: RestErrorContext): readonly [ErrorCode, string] {
  switch (status) {
    case 400:
      return ['INVALID_ARGUMENT', 'the catalog does not accept the request as it is'];
    case 401:
    case 419:
      return ['UNAUTHENTICATED', auth.advice];
    case 403:
      return ['FORBIDDEN', `ask for the right to do this, or ${auth.advice}`];
    case 404:
      return ['NOT_FOUND', notFoundAdvice(type)];
    case 405:
    case 406:
    case 501:
      return ['UNSUPPORTED', 'this catalog cannot do that'];
    case 409:
      return /NotEmpty/.test(type) || method === 'DELETE'
        ? ['INVALID_ARGUMENT', 'drop what is in it first']
        : ['ALREADY_EXISTS', 'choose another name, or use what exists'];
    case 408:
    case 429:
      return ['UNAVAILABLE', 'try again later'];
    default:
      return status >= 500
        ? ['UNAVAILABLE', 'try again later; the fault is the server’s']
        : ['INVALID_RESPONSE', 'check that the uri is that of an Iceberg REST catalog'];
  }
}

function notFoundAdvice(type: string): string {
  if (/Table/.test(type)) return 'check the name, or create the table';
  if (/Namespace/.test(type)) return 'check the name, or create the namespace';
  if (/Warehouse/.test(type)) return 'check the warehouse';
  return 'check the name, the uri and the warehouse';
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function plainText(text: string): string {
  return text
    .replace(/<(script|style)[\s\S]*?(<\/\1>|$)/gi, ' ')
    .replace(/<[^>]*>?/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
