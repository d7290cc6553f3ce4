/** A request that changes something, and its idempotency key: it is run once, and answered as often as it is sent. */
import { toHex, utf8 } from '../../util/encoding.ts';
import { uuidV7Ms } from '../../util/uuid.ts';
import type { World } from '../../util/world.ts';
import type { Answer } from './answer.ts';
import type { IdempotencyKeys } from './idempotency-keys.ts';
import { badRequest, CatalogProblem, problemAnswer } from './problem.ts';

/** A request that changes something. Neither function throws. */
export interface Change {
  /** `resent`: it was sent before, and may have been applied then. */
  run(resent: boolean): Promise<Answer>;
  /** For answers that are a table: the same from the table as it is now. Absent: the body is kept. */
  readonly answerAgain?: () => Promise<Answer>;
}

const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 500;
/** How long a request waits for one with the same key that runs. */
const WAIT_FOR_OTHER_MS = 30_000;
/** Not final, though no 5xx: who asks, and how much, changes. */
const NOT_FINAL: ReadonlySet<number> = new Set([401, 403, 419, 429, 501]);

/** @throws CatalogProblem 400, 422, 429, 503 for what is wrong with the key itself. */
export async function runOnce(
  keys: IdempotencyKeys,
  world: World,
  request: { readonly key: string; readonly fingerprint: string },
  change: Change,
): Promise<Answer> {
  const { key, fingerprint } = request;
  if (uuidV7Ms(key) === null) throw badRequest('Idempotency-Key must be a UUID of version 7');
  for (let waited = 0, wait = FIRST_WAIT_MS; ; waited += wait, wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    const claim = await keys.claim(key, fingerprint).catch(noMemory);
    if (claim.kind === 'run') return runAndKeep(keys, key, claim.resent, change);
    if (claim.kind === 'answered') {
      const { status, body, isTable } = claim.answer;
      return isTable && change.answerAgain !== undefined ? change.answerAgain() : { status, body };
    }
    if (claim.kind === 'other') throw usedOtherwise();
    if (claim.kind === 'full') throw tooMany();
    if (waited >= WAIT_FOR_OTHER_MS) throw stillRunning();
    await world.sleep(wait);
  }
}

async function runAndKeep(keys: IdempotencyKeys, id: string, resent: boolean, change: Change): Promise<Answer> {
  const answer = await change.run(resent);
  const { status, body } = answer;
  const isFinal = status < 500 && !NOT_FINAL.has(status);
  const isTable = status === 200 && change.answerAgain !== undefined;
  try {
    if (isFinal) await keys.settle(id, { status, body: isTable ? null : body, isTable });
    else await keys.release(id, NOT_FINAL.has(status) ? 'not-applied' : 'unknown');
  } catch {
    // What was done is done. The key stays claimed, and a request with it will look for what was done.
  }
  return answer;
}

/** SHA-256, so that a key keeps no body. */
export async function fingerprintOf(method: string, path: string, body: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', utf8(`${method} ${path}\n${body}`));
  return toHex(new Uint8Array(digest));
}

function usedOtherwise(): CatalogProblem {
  const message =
    'this Idempotency-Key was used for another request; take a new key for a new request, and the same body to send one again';
  return new CatalogProblem(422, 'UnprocessableEntityException', message);
}

/** Nothing was run, so this must not look like an outcome that is unknown. */
function noMemory(cause: unknown): never {
  const message = 'the memory of idempotency keys gave no answer, so nothing was done; send the request again later';
  throw new CatalogProblem(429, 'TooManyRequestsException', message, { 'retry-after': '1' }, { cause });
}

function tooMany(): CatalogProblem {
  const message = 'this catalog remembers no more idempotency keys now; send the request again later';
  return new CatalogProblem(429, 'TooManyRequestsException', message, { 'retry-after': '5' });
}

function stillRunning(): CatalogProblem {
  const message = 'a request with this Idempotency-Key still runs; send it again later to learn how it ended';
  return new CatalogProblem(503, 'CommitStateUnknownException', message, { 'retry-after': '5' });
}

/** A problem as the answer it is, for functions that must not throw. */
export async function answerOrProblem(run: () => Promise<Answer>, toProblem: (error: unknown) => CatalogProblem) {
  try {
    return await run();
  } catch (error) {
    return problemAnswer(toProblem(error));
  }
}
