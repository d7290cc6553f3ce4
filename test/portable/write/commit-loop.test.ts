import { describe, expect, test } from 'vitest';
import type { Catalog, CommitAnswer, CommitRequest, LoadedTable } from '../../../src/catalog/catalog.ts';
import type { TableMetadata } from '../../../src/spec/table-metadata.ts';
import { type CommitJob, runCommit, UnknownOutcome } from '../../../src/write/commit/commit-loop.ts';

const identifier = { namespace: ['sales'], name: 'orders' };
const base = { identifier, metadata: { name: 'base' } } as unknown as LoadedTable;
const conflict: CommitAnswer = { kind: 'conflict', message: 'moved' };
const unknown: CommitAnswer = { kind: 'unknown', message: '502' };
const committed: CommitAnswer = { kind: 'committed', table: null };

interface Script {
  readonly answers: readonly (CommitAnswer | Error)[];
  /** What successive loads show of the commit. */
  readonly loads?: readonly ('absent' | 'ours' | 'other' | 'superseded' | Error)[];
  readonly numRetries?: number;
  readonly signal?: AbortSignal;
  readonly onSend?: () => void;
}

/** Runs a job against scripted answers: the double is for faults that no real catalog gives on demand. */
async function run({ answers, loads = [], numRetries = 4, signal, onSend }: Script) {
  const sent: { key: string; body: CommitRequest }[] = [];
  const slept: number[] = [];
  let random = 0;
  let built = 0;
  let now = 0;
  const [answersLeft, loadsLeft] = [[...answers], [...loads]];
  const catalog = {
    commit: async (body: CommitRequest, options: { idempotencyKey: string }) => {
      sent.push({ key: options.idempotencyKey, body });
      onSend?.();
      const answer = answersLeft.shift() ?? committed;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as Catalog;
  const times = { numRetries, minWaitMs: 100, maxWaitMs: 1000, totalTimeoutMs: 60_000 };
  const job: CommitJob<string> = {
    catalog,
    world: {
      now: () => now,
      sleep: async (ms) => {
        slept.push(ms);
        now += ms;
      },
      randomBytes: (length) => new Uint8Array(length).fill(random++),
    },
    policy: { retry: times, statusCheck: { ...times, numRetries: 3 } },
    ...(signal === undefined ? {} : { signal }),
    load: async () => {
      const next = loadsLeft.shift() ?? 'absent';
      if (next instanceof Error) throw next;
      return { ...base, metadata: { name: next } as unknown as TableMetadata };
    },
    build: async () => {
      built += 1;
      return {
        request: { identifier, requirements: [], updates: [] },
        result: `body ${built}`,
        isSuperseded: (metadata) => (metadata as unknown as { name: string }).name === 'superseded',
      };
    },
    find: (metadata) => {
      const { name } = metadata as unknown as { name: string };
      return name === 'ours'
        ? { result: 'found ours', own: true }
        : name === 'other'
          ? { result: 'found another', own: false }
          : null;
    },
  };
  const end = await runCommit(job, base).catch((error: unknown) => error);
  return { end, sent, slept, built };
}

describe('one commit', () => {
  test('that is accepted is sent once', async () => {
    const { end, sent } = await run({ answers: [committed] });
    expect(end).toMatchObject({ result: 'body 1', retries: 0, own: true });
    expect(sent).toHaveLength(1);
  });

  test('that conflicts is built anew and sent with a new key', async () => {
    const { end, sent, built } = await run({ answers: [conflict, conflict, committed] });
    expect(end).toMatchObject({ result: 'body 3', retries: 2 });
    expect(built).toBe(3);
    expect(new Set(sent.map(({ key }) => key)).size).toBe(3);
  });

  test('whose answer was lost is sent again unchanged, with the same key', async () => {
    const { end, sent, built } = await run({ answers: [unknown, committed], loads: ['absent'] });
    expect(end).toMatchObject({ result: 'body 1', retries: 0 });
    expect(built).toBe(1);
    expect(sent[0]).toEqual(sent[1]);
  });

  test('whose answer was lost is done when the table shows it', async () => {
    const { end, sent } = await run({ answers: [unknown], loads: ['ours'] });
    expect(end).toMatchObject({ result: 'body 1', own: true });
    expect(sent).toHaveLength(1);
  });

  test('whose lost send comes back as a conflict is recognised as its own success', async () => {
    const { end } = await run({ answers: [unknown, conflict], loads: ['absent', 'ours'] });
    expect(end).toMatchObject({ result: 'body 1', own: true, retries: 0 });
  });

  test('that another commit outran after a lost answer is built anew', async () => {
    const { end, built } = await run({ answers: [unknown, committed], loads: ['superseded', 'absent'] });
    expect(end).toMatchObject({ result: 'body 2', retries: 1 });
    expect(built).toBe(2);
  });

  test('that stays unknown says so', async () => {
    const { end } = await run({ answers: Array.from({ length: 20 }, () => unknown), numRetries: 2 });
    expect(end).toBeInstanceOf(UnknownOutcome);
  });

  test('whose catalog throws unforeseen is treated as unknown, not as failed', async () => {
    const { end, sent } = await run({ answers: [new Error('boom')], loads: ['ours'] });
    expect(end).toMatchObject({ own: true });
    expect(sent).toHaveLength(1);
  });
});

test('a conflict that another call with the same commit id won gives its result', async () => {
  const { end } = await run({ answers: [conflict], loads: ['other'] });
  expect(end).toMatchObject({ result: 'found another', own: false, stagedMayGo: true });
});

test('after a lost answer, the files stay until the sequence number is proved taken', async () => {
  const { end } = await run({ answers: [unknown], loads: ['other'] });
  expect(end).toMatchObject({ result: 'found another', own: false, stagedMayGo: false });
});

test('retries end at commit.retry.num-retries with COMMIT_CONFLICT', async () => {
  const { end, sent } = await run({ answers: Array.from({ length: 20 }, () => conflict), numRetries: 3 });
  expect(end).toMatchObject({ code: 'COMMIT_CONFLICT', retryable: true, place: { table: 'sales.orders' } });
  expect(sent).toHaveLength(4);
});

test('Retry-After is honoured', async () => {
  const { slept } = await run({ answers: [{ kind: 'throttled', retryAfterMs: 7000 }, committed] });
  expect(slept).toEqual([7000]);
});

test('a signal that fires before the send stops it; one that fires later does not hide a success', async () => {
  const early = await run({ answers: [], signal: AbortSignal.abort() });
  expect(early.end).toMatchObject({ code: 'ABORTED' });
  expect(early.sent).toHaveLength(0);
  const controller = new AbortController();
  const { signal } = controller;
  const late = await run({ answers: [unknown], loads: ['ours'], signal, onSend: () => controller.abort() });
  expect(late.end).toMatchObject({ own: true });
});
