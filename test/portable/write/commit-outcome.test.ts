import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CommitAnswer } from '../../../src/catalog/catalog.ts';
import {
  type AttemptHistory,
  type CommitEvent,
  type CommitLimits,
  type CommitStep,
  nextStep,
  type StatusFinding,
  startAttempt,
} from '../../../src/write/commit/commit-outcome.ts';

const limits: CommitLimits = { rebuilds: 4, resends: 3, statusChecks: 3, expired: false };
const conflict: CommitAnswer = { kind: 'conflict', message: 'moved' };
const unknown: CommitAnswer = { kind: 'unknown', message: '502' };
const rejected = (status: number): CommitAnswer => ({ kind: 'rejected', status, message: 'no' });
const throttled: CommitAnswer = { kind: 'throttled', retryAfterMs: 1500 };
const unauthenticated: CommitAnswer = { kind: 'unauthenticated', message: 'expired' };
const committed: CommitAnswer = { kind: 'committed', table: null };

const answered = (answer: CommitAnswer): CommitEvent => ({ kind: 'answer', answer });
const found = (finding: StatusFinding): CommitEvent => ({ kind: 'status', finding });

/** Runs events from a fresh attempt and returns the steps by name. */
function steps(events: readonly CommitEvent[], with_: Partial<CommitLimits> = {}): string[] {
  let history = startAttempt(0);
  return events.map((event) => {
    const transition = nextStep(history, event, { ...limits, ...with_ });
    history = transition.history;
    return transition.step.do;
  });
}

describe('an unambiguous first send', () => {
  test('200 and 204 are done', () => expect(steps([answered(committed)])).toEqual(['done']));
  test('409 rebuilds', () => expect(steps([answered(conflict)])).toEqual(['rebuild']));
  test.each([400, 403, 404])('%i fails cleanly', (status) =>
    expect(steps([answered(rejected(status))])).toEqual(['fail']),
  );
  test('401 or 419 refreshes credentials and sends the same body once more', () => {
    const { step } = nextStep(startAttempt(0), answered(unauthenticated), limits);
    expect(step).toEqual({ do: 'resend', waitMs: 0, refreshAuth: true });
    expect(steps([answered(unauthenticated), answered(unauthenticated)])).toEqual(['resend', 'fail']);
  });
  test('429 waits as told and sends the same body', () => {
    const { step } = nextStep(startAttempt(0), answered(throttled), limits);
    expect(step).toEqual({ do: 'resend', waitMs: 1500, refreshAuth: false });
  });
  test('429 without end fails cleanly: it was never applied', () =>
    expect(steps([throttled, throttled, throttled, throttled].map(answered))).toEqual([
      'resend',
      'resend',
      'resend',
      'fail',
    ]));
  test('5xx, network errors and unreadable answers look at the table', () =>
    expect(steps([answered(unknown)])).toEqual(['status-check']));
});

describe('a conflict after a resend', () => {
  test('looks for our snapshot first, though nothing was ambiguous', () =>
    expect(steps([answered(throttled), answered(conflict)])).toEqual(['resend', 'status-check']));
  test('is an ordinary conflict when the snapshot is not there', () =>
    expect(steps([answered(throttled), answered(conflict), found('absent')]).at(-1)).toBe('rebuild'));
  test('is our own success when the snapshot is there', () =>
    expect(steps([answered(unknown), found('absent'), answered(conflict), found('committed')])).toEqual([
      'status-check',
      'resend',
      'status-check',
      'done',
    ]));
  test('after an ambiguity stays unknown while the snapshot is merely absent', () =>
    expect(
      steps([
        answered(unknown),
        found('absent'),
        answered(conflict),
        found('absent'),
        found('absent'),
        found('absent'),
      ]),
    ).toEqual(['status-check', 'resend', 'status-check', 'status-check', 'status-check', 'unknown']));
  test('after an ambiguity rebuilds once another commit took the sequence number', () =>
    expect(steps([answered(unknown), found('absent'), answered(conflict), found('superseded')]).at(-1)).toBe(
      'rebuild',
    ));
});

describe('a status check', () => {
  test('that finds the snapshot is done', () =>
    expect(steps([answered(unknown), found('committed')]).at(-1)).toBe('done'));
  test('that proves the attempt dead rebuilds', () =>
    expect(steps([answered(unknown), found('superseded')]).at(-1)).toBe('rebuild'));
  test('that proves a refused attempt dead fails cleanly', () =>
    expect(steps([answered(unknown), found('absent'), answered(rejected(400)), found('superseded')]).at(-1)).toBe(
      'fail',
    ));
  test('that cannot reach the table is repeated, then the outcome is unknown', () =>
    expect(steps([answered(unknown), found('unreachable'), found('unreachable'), found('unreachable')])).toEqual([
      'status-check',
      'status-check',
      'status-check',
      'unknown',
    ]));
  test('that finds nothing, when the body may not be sent again, leaves the outcome unknown', () =>
    expect(steps([answered(unknown), found('absent'), found('absent'), found('absent')], { resends: 0 })).toEqual([
      'status-check',
      'status-check',
      'status-check',
      'unknown',
    ]));
});

describe('after an ambiguity', () => {
  test.each([400, 401, 403, 404])('a %i does not make it a clean failure', (status) =>
    expect(steps([answered(unknown), found('absent'), answered(rejected(status))]).at(-1)).toBe('status-check'),
  );
  test('failing credentials do not make it a clean failure', () =>
    expect(steps([answered(unknown), found('absent'), answered(unauthenticated), answered(unauthenticated)])).toEqual([
      'status-check',
      'resend',
      'resend',
      'status-check',
    ]));
});

describe('limits', () => {
  test('no rebuilds left: the conflict is a clean failure', () =>
    expect(steps([answered(conflict)], { rebuilds: 0 })).toEqual(['fail']));
  test('no time left: the conflict is a clean failure, an unknown answer is still looked up', () => {
    expect(steps([answered(conflict)], { expired: true })).toEqual(['fail']);
    expect(steps([answered(unknown), found('committed')], { expired: true })).toEqual(['status-check', 'done']);
  });
});

const anyAnswer = fc.constantFrom(
  conflict,
  unknown,
  rejected(400),
  rejected(403),
  throttled,
  unauthenticated,
  committed,
);
const anyFinding = fc.constantFrom<StatusFinding>('committed', 'superseded', 'absent', 'unreachable');

test('whatever the world answers, nothing is called failed while a send may have been applied', () => {
  fc.assert(
    fc.property(fc.infiniteStream(anyAnswer), fc.infiniteStream(anyFinding), (answers, findings) => {
      let history: AttemptHistory = startAttempt(0);
      let step: CommitStep = { do: 'resend', waitMs: null, refreshAuth: false };
      let open = false;
      for (let turn = 0; turn < 200; turn++) {
        let event: CommitEvent;
        if (step.do === 'status-check') {
          const finding = findings.next().value;
          if (finding === 'superseded') open = false;
          event = found(finding);
        } else {
          const answer = answers.next().value;
          if (answer.kind === 'unknown') open = true;
          event = answered(answer);
        }
        ({ history, step } = nextStep(history, event, limits));
        if (step.do === 'fail' || step.do === 'rebuild') expect(open).toBe(false);
        if (step.do === 'done' || step.do === 'fail' || step.do === 'unknown') return;
        if (step.do === 'rebuild') history = startAttempt(history.rebuilds);
      }
      throw new Error('the machine did not come to an end');
    }),
  );
});
