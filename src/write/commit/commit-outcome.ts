/**
 * What to do after one answer of a catalog to one commit: a pure function over the answer and what happened before in
 * this attempt. An attempt is one body (snapshot, requirements, idempotency key) that may be sent several times; a
 * rebuild starts a new attempt. Files may be deleted only after `fail`.
 */
import type { CommitAnswer } from '../../catalog/catalog.ts';

/** What a fresh look at the table said of the attempt. */
export type StatusFinding =
  /** Our snapshot is in the table. */
  | 'committed'
  /** Another commit holds the sequence number of this attempt: the attempt can never apply. */
  | 'superseded'
  /** Our snapshot is not there, but the attempt may still apply. */
  | 'absent'
  /** The table could not be read. */
  | 'unreachable';

export type CommitEvent =
  | { readonly kind: 'answer'; readonly answer: CommitAnswer }
  | { readonly kind: 'status'; readonly finding: StatusFinding };

/** How often something may still be done; the caller derives them from `commit.retry.*` and `commit.status-check.*`. */
export interface CommitLimits {
  readonly rebuilds: number;
  /** Sends of one body beyond the first. */
  readonly resends: number;
  /** Status checks in a row for one answer. */
  readonly statusChecks: number;
  /** The total time of retries has passed: nothing is sent again. */
  readonly expired: boolean;
}

/** What is known of the attempt. Made by {@link startAttempt}, advanced only by {@link nextStep}. */
export interface AttemptHistory {
  readonly sends: number;
  /** A send of this body may have been applied, or may yet be. */
  readonly ambiguous: boolean;
  readonly authRefreshes: number;
  readonly statusChecks: number;
  /** The answer that a status check is meant to settle. */
  readonly pending: CommitAnswer | null;
  readonly rebuilds: number;
}

export type CommitStep =
  | { readonly do: 'done' }
  /** Refresh the table, look for our commit, validate, and commit a new body with a new key. */
  | { readonly do: 'rebuild' }
  /** Send the same body with the same key. `refreshAuth`: credentials must be fetched anew before. */
  | { readonly do: 'resend'; readonly waitMs: number | null; readonly refreshAuth: boolean }
  /** Read the table with all snapshots and report a {@link StatusFinding}. */
  | { readonly do: 'status-check' }
  /** Not applied, and it will not be: staged files may go. */
  | { readonly do: 'fail'; readonly answer: CommitAnswer }
  /** Nobody can tell: nothing may be deleted. */
  | { readonly do: 'unknown'; readonly answer: CommitAnswer };

export interface Transition {
  readonly history: AttemptHistory;
  readonly step: CommitStep;
}

/** The history of a body about to be sent for the first time, after `rebuilds` earlier bodies. */
export function startAttempt(rebuilds: number): AttemptHistory {
  return { sends: 1, ambiguous: false, authRefreshes: 0, statusChecks: 0, pending: null, rebuilds };
}

/** The transition after `event`. */
export function nextStep(history: AttemptHistory, event: CommitEvent, limits: CommitLimits): Transition {
  return event.kind === 'answer'
    ? afterAnswer(history, event.answer, limits)
    : afterStatus(history, event.finding, limits);
}

function afterAnswer(history: AttemptHistory, answer: CommitAnswer, limits: CommitLimits): Transition {
  switch (answer.kind) {
    case 'committed':
      return { history, step: { do: 'done' } };
    case 'conflict':
      // A first send that nothing obscured was refused for good. After a resend, the refusal may be the echo of our
      // own success: an earlier send moved the table.
      return history.sends === 1 && !history.ambiguous
        ? rebuildOrFail(history, answer, limits)
        : check({ ...history, pending: answer });
    case 'rejected':
      return history.ambiguous ? check({ ...history, pending: answer }) : { history, step: { do: 'fail', answer } };
    case 'throttled':
      return resend(history, answer, limits, answer.retryAfterMs, false);
    case 'unauthenticated':
      return history.authRefreshes === 0
        ? resend({ ...history, authRefreshes: 1 }, answer, limits, 0, true)
        : giveUp(history, answer);
    case 'unknown':
      return check({ ...history, ambiguous: true, pending: answer });
  }
}

function afterStatus(history: AttemptHistory, finding: StatusFinding, limits: CommitLimits): Transition {
  const answer = history.pending;
  if (answer === null) throw new TypeError('a status finding without a pending answer');
  if (finding === 'committed') return { history, step: { do: 'done' } };
  if (finding === 'superseded') {
    const settled = { ...history, ambiguous: false };
    return answer.kind === 'rejected'
      ? { history: settled, step: { do: 'fail', answer } }
      : rebuildOrFail(settled, answer, limits);
  }
  if (finding === 'absent') {
    if (!history.ambiguous && answer.kind === 'conflict') return rebuildOrFail(history, answer, limits);
    // The same body cannot apply twice (its snapshot id and its ref requirement see to that), so sending it again is
    // the way to a definite answer. A conflict or a refusal would only be repeated.
    if (answer.kind === 'unknown' && history.sends <= limits.resends && !limits.expired) {
      return resend(history, answer, limits, null, false);
    }
  }
  return history.statusChecks < limits.statusChecks ? check(history) : { history, step: { do: 'unknown', answer } };
}

function check(history: AttemptHistory): Transition {
  return { history: { ...history, statusChecks: history.statusChecks + 1 }, step: { do: 'status-check' } };
}

function resend(
  history: AttemptHistory,
  answer: CommitAnswer,
  limits: CommitLimits,
  waitMs: number | null,
  refreshAuth: boolean,
): Transition {
  if (limits.expired || history.sends > limits.resends) return giveUp(history, answer);
  return {
    history: { ...history, sends: history.sends + 1, statusChecks: 0, pending: null },
    step: { do: 'resend', waitMs, refreshAuth },
  };
}

function rebuildOrFail(history: AttemptHistory, answer: CommitAnswer, limits: CommitLimits): Transition {
  if (limits.expired || history.rebuilds >= limits.rebuilds) return { history, step: { do: 'fail', answer } };
  return { history: { ...history, rebuilds: history.rebuilds + 1 }, step: { do: 'rebuild' } };
}

/** The last answer said "not applied"; whether that holds for the attempt depends on what came before. */
function giveUp(history: AttemptHistory, answer: CommitAnswer): Transition {
  return history.ambiguous ? check({ ...history, pending: answer }) : { history, step: { do: 'fail', answer } };
}
