/** Carries one commit to its end: builds a body, sends it, and acts on what `commit-outcome.ts` says of the answers. */
import type { Catalog, CommitAnswer, CommitRequest, LoadedTable } from '../../catalog/catalog.ts';
import { IcestreamError } from '../../errors.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { backoffMs, type RetryPolicy, randomFraction } from '../../util/retry.ts';
import { uuidV7 } from '../../util/uuid.ts';
import type { World } from '../../util/world.ts';
import { commitFailure } from './commit-errors.ts';
import {
  type AttemptHistory,
  type CommitEvent,
  type CommitLimits,
  nextStep,
  type StatusFinding,
  startAttempt,
} from './commit-outcome.ts';

/** Table properties `commit.retry.*` and `commit.status-check.*`. */
export interface CommitPolicy {
  readonly retry: CommitRetryPolicy;
  readonly statusCheck: CommitRetryPolicy;
}

export interface CommitRetryPolicy {
  readonly numRetries: number;
  readonly minWaitMs: number;
  readonly maxWaitMs: number;
  readonly totalTimeoutMs: number;
}

/** One body and what it takes to recognise it later. */
export interface CommitBody<T> {
  readonly request: CommitRequest;
  /** What `committed` gives when the catalog accepts this body. */
  readonly result: T;
  /** Whether this body can no longer apply to a table that looks like this, and did not. */
  readonly isSuperseded: (metadata: TableMetadata) => boolean;
}

export interface CommitJob<T> {
  readonly catalog: Catalog;
  readonly world: Pick<World, 'now' | 'sleep' | 'randomBytes'>;
  readonly policy: CommitPolicy;
  readonly signal?: AbortSignal;
  /** The table as it is, with all snapshots; null: there is none (yet). */
  readonly load: () => Promise<LoadedTable | null>;
  /** Builds a body on `base`; called again after a conflict, then everything derived from the base is made anew. */
  readonly build: (base: LoadedTable | null) => Promise<CommitBody<T>>;
  /** Looks for what this job wants to commit: its own bodies' result, or another call's with the same identity. */
  readonly find: (metadata: TableMetadata) => Found<T> | null;
}

export interface Found<T> {
  readonly result: T;
  /** Committed by a body of this job. */
  readonly own: boolean;
}

export interface CommitEnd<T> {
  readonly result: T;
  /** The table after the commit; null when the catalog did not say. */
  readonly table: LoadedTable | null;
  /** Bodies that were refused as conflicts and built again. */
  readonly retries: number;
  /** False: another call with the same identity was faster, and `result` is its. */
  readonly own: boolean;
  /** When not `own`: whether this job's files can be removed, because its bodies can never apply. */
  readonly stagedMayGo: boolean;
}

/** A conflict means that another writer got in: waits need not grow for ever, only spread the writers out. */
const MOST_DOUBLINGS = 5;

/** The commit's outcome cannot be known; the caller must not delete anything. */
export class UnknownOutcome extends Error {
  readonly answer: CommitAnswer;
  constructor(answer: CommitAnswer) {
    super('message' in answer ? answer.message : answer.kind, 'cause' in answer ? { cause: answer.cause } : undefined);
    this.answer = answer;
  }
}

/**
 * Commits. Every error but {@link UnknownOutcome} means that nothing was committed and nothing will be.
 * @throws IcestreamError as `commit-errors.ts` maps answers; ABORTED when the signal fires before a send; whatever
 * `build` and `load` throw between attempts.
 */
export async function runCommit<T>(job: CommitJob<T>, base: LoadedTable | null): Promise<CommitEnd<T>> {
  const { world, policy } = job;
  const deadline = world.now() + policy.retry.totalTimeoutMs;
  const limits = (): CommitLimits => ({
    rebuilds: policy.retry.numRetries,
    resends: policy.retry.numRetries,
    statusChecks: Math.max(1, policy.statusCheck.numRetries),
    expired: world.now() >= deadline || job.signal?.aborted === true,
  });

  for (let rebuilds = 0; ; ) {
    const earlier = base === null ? null : job.find(base.metadata);
    if (earlier !== null) {
      const { result, own } = earlier;
      return { result, table: base, retries: rebuilds, own, stagedMayGo: !own };
    }
    throwIfAborted(job.signal);
    const body = await job.build(base);
    const key = uuidV7(world);
    let history: AttemptHistory = startAttempt(rebuilds);
    let event: CommitEvent = { kind: 'answer', answer: await send(job, body.request, key) };
    let lastSeen: LoadedTable | null = null;
    attempt: for (;;) {
      const transition = nextStep(history, event, limits());
      history = transition.history;
      const { step } = transition;
      switch (step.do) {
        case 'done': {
          const table = event.kind === 'answer' && event.answer.kind === 'committed' ? event.answer.table : lastSeen;
          return { result: body.result, table, retries: rebuilds, own: true, stagedMayGo: false };
        }
        case 'fail':
          throw commitFailure(step.answer, body.request.identifier, rebuilds);
        case 'unknown':
          throw new UnknownOutcome(step.answer);
        case 'resend': {
          const wait = step.waitMs ?? backoffMs(retryPolicy(policy.retry), history.sends, randomFraction(world));
          // While nothing is ambiguous, the caller may still stop it: the attempt was not applied.
          const stop = history.ambiguous ? undefined : job.signal;
          await pause(world, Math.min(wait, Math.max(0, deadline - world.now())), stop);
          event = { kind: 'answer', answer: await send(job, body.request, key, history.ambiguous) };
          break;
        }
        case 'status-check': {
          if (history.statusChecks > 1) await world.sleep(statusWait(policy.statusCheck, history.statusChecks));
          const looked = await lookAt(job, body);
          lastSeen = looked.table;
          if (looked.other !== null) {
            const { table, stagedMayGo } = looked;
            return { result: looked.other, table, retries: rebuilds, own: false, stagedMayGo };
          }
          event = { kind: 'status', finding: looked.finding };
          break;
        }
        case 'rebuild': {
          rebuilds = history.rebuilds;
          const doublings = Math.min(rebuilds, MOST_DOUBLINGS);
          await pause(world, backoffMs(retryPolicy(policy.retry), doublings, randomFraction(world)), job.signal);
          base = await job.load();
          break attempt;
        }
      }
    }
  }
}

/** One send. Only before the first send, or while nothing is ambiguous, may the signal stop it. */
async function send<T>(job: CommitJob<T>, request: CommitRequest, key: string, sure = false): Promise<CommitAnswer> {
  const signal = sure ? undefined : job.signal;
  try {
    return await job.catalog.commit(request, { idempotencyKey: key, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    // The contract: a throw with a fired signal means that nothing was sent. Any other throw is not foreseen.
    if (signal?.aborted === true) throw aborted(signal);
    return { kind: 'unknown', message: error instanceof Error ? error.message : String(error), cause: error };
  }
}

interface Looked<T> {
  readonly finding: StatusFinding;
  readonly table: LoadedTable | null;
  /** Another call's result with the same identity. */
  readonly other: T | null;
  readonly stagedMayGo: boolean;
}

async function lookAt<T>(job: CommitJob<T>, body: CommitBody<T>): Promise<Looked<T>> {
  const nothing = { other: null, stagedMayGo: false };
  let table: LoadedTable | null;
  let found: Found<T> | null;
  try {
    table = await job.load();
    found = table === null ? null : job.find(table.metadata);
  } catch {
    return { finding: 'unreachable', table: null, ...nothing };
  }
  if (table === null) return { finding: 'absent', table, ...nothing };
  if (found?.own === true) return { finding: 'committed', table, ...nothing };
  const superseded = body.isSuperseded(table.metadata);
  if (found !== null) return { finding: 'committed', table, other: found.result, stagedMayGo: superseded };
  return { finding: superseded ? 'superseded' : 'absent', table, ...nothing };
}

function retryPolicy(policy: CommitRetryPolicy): RetryPolicy {
  return {
    maxAttempts: policy.numRetries + 1,
    baseDelayMs: policy.minWaitMs,
    maxDelayMs: policy.maxWaitMs,
    totalTimeoutMs: policy.totalTimeoutMs,
  };
}

function statusWait(policy: CommitRetryPolicy, check: number): number {
  return Math.min(policy.maxWaitMs, policy.minWaitMs * 2 ** (check - 2));
}

/** The error of a write that its caller stopped. */
export function aborted(signal: AbortSignal | undefined): IcestreamError {
  return new IcestreamError('ABORTED', 'the write was stopped by its signal; nothing was committed', {
    cause: signal?.reason,
  });
}

async function pause(world: Pick<World, 'sleep'>, ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await world.sleep(ms, signal);
  } catch (error) {
    throw signal?.aborted === true ? aborted(signal) : error;
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw aborted(signal);
}
