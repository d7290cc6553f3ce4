/** Commits to one table (REST OpenAPI: updateTable): each outcome has an answer that clients take for what it is. */
import type { Catalog, CommitAnswer, CommitRequest, LoadedTable, TableIdentifier } from '../../catalog/catalog.ts';
import { formatIdentifier, formatNamespace, sameIdentifier } from '../../catalog/identifier.ts';
import { IcestreamError } from '../../errors.ts';
import type { JsonCursor } from '../../spec/json-cursor.ts';
import { parseTableRequirement } from '../../spec/requirement-parse.ts';
import { parseTableUpdate } from '../../spec/update-parse.ts';
import type { Answer } from './answer.ts';
import { isApplied } from './applied.ts';
import { parseIdentifierJson } from './names.ts';
import { badRequest, CatalogProblem, missing, OWN_ACCESS, STORAGE_FULL } from './problem.ts';
import type { Sent } from './requests.ts';
import { tableAnswer } from './table-answer.ts';

/** @throws IcestreamError, CatalogProblem for what the protocol does not know. */
export function parseCommit(identifier: TableIdentifier, body: JsonCursor): CommitRequest {
  const named = body.optional('identifier');
  if (named !== null && !sameIdentifier(parseIdentifierJson(named), identifier)) {
    named.fail('it is not the table of the path');
  }
  return {
    identifier,
    requirements: body.get('requirements').array().map(parseTableRequirement),
    updates: body.get('updates').array().map(parseTableUpdate),
  };
}

/** One of several: it must say which table it is for. */
export function parseTableChange(body: JsonCursor): CommitRequest {
  return parseCommit(parseIdentifierJson(body.get('identifier')), body);
}

/** @throws CatalogProblem for every outcome but a commit. */
export async function commit(catalog: Catalog, request: CommitRequest, sent: Sent): Promise<Answer> {
  const table = await committed(catalog, [request], () => catalog.commit(request, sent), sent);
  return table === null ? committedNow(catalog, request.identifier) : tableAnswer(table);
}

/**
 * Sends one commit, to one table or several, to the catalog. One that was `resent` is looked for in the tables first,
 * unless the catalog itself remembers keys: when it is there, it is not applied again, and when it was refused though
 * it may be there, its outcome stays unknown.
 * @returns The table, where the catalog's answer has it.
 * @throws CatalogProblem for every outcome but a commit.
 */
export async function committed(
  catalog: Catalog,
  requests: readonly CommitRequest[],
  send: () => Promise<CommitAnswer>,
  { resent }: Sent,
): Promise<LoadedTable | null> {
  const looks = resent && !catalog.capabilities.idempotencyKeys;
  if (looks && (await look(catalog, requests)) === 'yes') return null;
  let answer: CommitAnswer;
  try {
    answer = await send();
  } catch (cause) {
    throw unknownOutcome('the catalog failed while it committed', cause);
  }
  if (answer.kind === 'committed') return answer.table;
  if (looks && (answer.kind === 'conflict' || answer.kind === 'rejected')) {
    const seen = await look(catalog, requests);
    if (seen === 'yes') return null;
    if (seen === 'unknown') throw unknownOutcome('it may have been applied when it was sent before', answer);
  }
  throw refusal(requests, answer);
}

/** The table as it is now: it may hold more than the commit. */
export async function committedNow(catalog: Catalog, identifier: TableIdentifier): Promise<Answer> {
  try {
    return await tableAnswer(await catalog.loadTable(identifier, { allSnapshots: true }));
  } catch (cause) {
    // A 404 would say that nothing was committed.
    throw unknownOutcome('it was committed, but the table could not be read after it', cause);
  }
}

/** A commit to several tables is in all of them or in none. */
async function look(catalog: Catalog, requests: readonly CommitRequest[]): Promise<'yes' | 'no' | 'unknown'> {
  const seen = new Set<'yes' | 'no' | 'unknown'>();
  for (const request of requests) {
    try {
      const { metadata } = await catalog.loadTable(request.identifier, { allSnapshots: true });
      seen.add(isApplied(metadata, request));
    } catch {
      seen.add('unknown');
    }
  }
  if (seen.has('no')) return 'no';
  return seen.has('yes') ? 'yes' : 'unknown';
}

function refusal(
  requests: readonly CommitRequest[],
  answer: Exclude<CommitAnswer, { kind: 'committed' }>,
): CatalogProblem {
  switch (answer.kind) {
    case 'conflict':
      return new CatalogProblem(409, 'CommitFailedException', answer.message);
    case 'unknown':
      return unknownOutcome('nobody can tell whether it was applied', answer.cause ?? answer.message);
    case 'throttled': {
      const seconds = Math.max(1, Math.ceil((answer.retryAfterMs ?? 1000) / 1000));
      const message = 'the storage of the catalog is busy; nothing was committed, send it again later';
      return new CatalogProblem(429, 'TooManyRequestsException', message, { 'retry-after': String(seconds) });
    }
    case 'unauthenticated':
      // These credentials are the server's: 401 would send the client for new ones of its own.
      return notApplied(403, 'ForbiddenException', OWN_ACCESS, answer.message);
    case 'rejected':
      return rejection(requests, answer);
  }
}

/** Refused for good: a status below 500, which clients take for that. */
function rejection(
  requests: readonly CommitRequest[],
  answer: CommitAnswer & { readonly kind: 'rejected' },
): CatalogProblem {
  const { status, message, cause } = answer;
  if (status === 404) {
    const [request, ...others] = requests;
    // Of several, the catalog's words say which it is.
    if (request === undefined || others.length > 0) return new CatalogProblem(404, 'NoSuchTableException', message);
    return missing(subjectOf(request));
  }
  if (status === 409) return new CatalogProblem(409, 'AlreadyExistsException', message);
  const code = cause instanceof IcestreamError ? cause.code : null;
  if (status === 403 || code === 'FORBIDDEN')
    return notApplied(403, 'ForbiddenException', OWN_ACCESS, cause ?? message);
  if (code === 'STORAGE_FULL') return notApplied(400, 'BadRequestException', STORAGE_FULL, cause);
  return badRequest(message);
}

/** A commit that creates misses its namespace, any other its table. */
function subjectOf({ identifier, requirements }: CommitRequest) {
  return requirements.some(({ type }) => type === 'assert-create')
    ? ({ missing: 'namespace', shown: formatNamespace(identifier.namespace) } as const)
    : ({ missing: 'table', shown: formatIdentifier(identifier) } as const);
}

function notApplied(status: number, type: string, message: string, cause: unknown): CatalogProblem {
  return new CatalogProblem(status, type, message, {}, { cause });
}

function unknownOutcome(why: string, cause: unknown): CatalogProblem {
  const message = `the state of this commit is unknown: ${why}; load the table to see`;
  return new CatalogProblem(500, 'CommitStateUnknownException', message, {}, { cause });
}
