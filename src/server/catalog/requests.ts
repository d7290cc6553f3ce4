/** What all requests have in common: who asks, how failures are answered, and idempotency keys. */

import type { Catalog } from '../../catalog/catalog.ts';
import { uuidV7 } from '../../util/uuid.ts';
import { defaultWorld, type World } from '../../util/world.ts';
import { logError } from '../on-error.ts';
import { openedOnce } from '../opened-once.ts';
import { type Answer, responseOf } from './answer.ts';
import { requireAccess } from './authenticate.ts';
import { readBody } from './body.ts';
import { checkPath } from './names.ts';
import { answerOrProblem, fingerprintOf, runOnce } from './once.ts';
import type { CatalogAppOptions } from './options.ts';
import { type CatalogProblem, problemAnswer, problemOf, type Subject } from './problem.ts';

/** One request, understood. */
export interface Operation {
  readonly subject: Subject;
  run(catalog: Catalog): Promise<Answer>;
}

/** How a request was sent. */
export interface Sent {
  /** It was sent before, and may have been applied then. */
  readonly resent: boolean;
  /** The client's, or a new one. */
  readonly idempotencyKey: string;
}

/** One that changes something. */
export interface ChangeOperation {
  readonly subject: Subject;
  run(catalog: Catalog, sent: Sent): Promise<Answer>;
  /** Where the answer is a table: how it is made again. */
  answerAgain?(catalog: Catalog): Promise<Answer>;
}

const DEFAULT_MAX_BODY_BYTES = 16 << 20;
const UNNAMED: Subject = { missing: 'namespace', shown: '' };

export class Requests {
  readonly #options: CatalogAppOptions;
  readonly #world: World;
  readonly #catalog: () => Promise<Catalog>;

  constructor(options: CatalogAppOptions) {
    this.#options = options;
    this.#catalog = openedOnce(options.catalog);
    this.#world = options.world ?? defaultWorld;
  }

  /** `plan` reads the request's names and settings, and throws for what is wrong with them. */
  read(request: Request, plan: () => Operation): Promise<Response> {
    return this.#answer(request, async () => {
      const { subject, run } = plan();
      return this.#attempt(request, subject, async () => run(await this.#catalog()));
    });
  }

  change(request: Request, plan: (body: string) => ChangeOperation): Promise<Response> {
    return this.#answer(request, async () => {
      const text = await readBody(request, this.#options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES);
      const { subject, run, answerAgain } = plan(text);
      const keys = this.#options.idempotencyKeys;
      // Where none is remembered, what clients send means nothing.
      const key = keys === undefined ? null : (request.headers.get('idempotency-key')?.toLowerCase() ?? null);
      const idempotencyKey = key ?? uuidV7(this.#world);
      const change = {
        run: (resent: boolean) =>
          this.#attempt(request, subject, async () => run(await this.#catalog(), { resent, idempotencyKey })),
        ...(answerAgain === undefined
          ? {}
          : { answerAgain: () => this.#attempt(request, subject, async () => answerAgain(await this.#catalog())) }),
      };
      if (key === null || keys === undefined) return change.run(false);
      const { pathname, search } = new URL(request.url);
      const fingerprint = await fingerprintOf(request.method, pathname + search, text);
      return runOnce(keys, this.#world, { key, fingerprint }, change);
    });
  }

  async #answer(request: Request, run: () => Promise<Answer>): Promise<Response> {
    return responseOf(
      await this.#attempt(request, UNNAMED, async () => {
        await requireAccess(this.#options.authenticate, request);
        checkPath(new URL(request.url).pathname);
        return run();
      }),
    );
  }

  #attempt(request: Request, subject: Subject, run: () => Promise<Answer>): Promise<Answer> {
    return answerOrProblem(run, (error) => {
      const problem = problemOf(error, subject);
      this.#report(problem, error, request);
      return problem;
    });
  }

  /** What the client is told little of, the operator is told in full. */
  #report(problem: CatalogProblem, error: unknown, request: Request): void {
    if (problem.cause === undefined || (problem.status < 500 && ![403, 429].includes(problem.status))) return;
    const { method, url } = request;
    const { onError = logError } = this.#options;
    onError(problem.cause ?? error, { method, path: new URL(url).pathname });
  }
}

export function refuse(problem: CatalogProblem): Response {
  return responseOf(problemAnswer(problem));
}
