/** Idempotency keys in the catalog's database. */
import { type Claim, KEY_GRACE, type KeptAnswer, RUN_LEASE_MS } from '../catalog/idempotency-keys.ts';
import { answerTo } from './apply-change.ts';
import type { ObjectStorage, Sql } from './object-storage.ts';

export interface KeyClaim {
  readonly key: string;
  /** Stands for the request. */
  readonly fingerprint: string;
  readonly lifetimeMs: number;
  /** Names the claim over all its sends. */
  readonly run: string;
  /** By the clock of the app. */
  readonly nowMs: number;
}

interface KeyRow extends Record<string, string | number | null> {
  readonly fingerprint: string;
  readonly run: string;
  readonly resent: number;
  readonly running_since_ms: number | null;
  readonly answer: string | null;
}

export function claimKey(storage: ObjectStorage, claim: KeyClaim): Claim {
  const { key, fingerprint, lifetimeMs, run, nowMs } = claim;
  const { sql } = storage;
  return storage.transactionSync(() => {
    sql.exec('DELETE FROM idempotency_keys WHERE first_ms < ?', nowMs - lifetimeMs * KEY_GRACE);
    const query = 'SELECT fingerprint, run, resent, running_since_ms, answer FROM idempotency_keys WHERE id = ?';
    const [row] = sql.exec<KeyRow>(query, key).toArray();
    if (row === undefined) {
      const insert =
        'INSERT INTO idempotency_keys (id, fingerprint, run, first_ms, running_since_ms, resent) VALUES (?, ?, ?, ?, ?, 0)';
      sql.exec(insert, key, fingerprint, run, nowMs, nowMs);
      return { kind: 'run', resent: false };
    }
    if (row.fingerprint !== fingerprint) return { kind: 'other' };
    if (row.answer !== null) return { kind: 'answered', answer: JSON.parse(row.answer) };
    if (row.run === run) return { kind: 'run', resent: row.resent === 1 };
    if (isRunning(sql, key, row.running_since_ms, nowMs)) return { kind: 'running' };
    const update = 'UPDATE idempotency_keys SET run = ?, running_since_ms = ?, resent = 1 WHERE id = ?';
    sql.exec(update, run, nowMs, key);
    return { kind: 'run', resent: true };
  });
}

export function settleKey(sql: Sql, key: string, answer: KeptAnswer): void {
  const update = 'UPDATE idempotency_keys SET answer = ?, running_since_ms = NULL WHERE id = ?';
  sql.exec(update, JSON.stringify(answer), key);
}

export function releaseKey(sql: Sql, key: string, outcome: 'not-applied' | 'unknown'): void {
  if (outcome === 'not-applied') sql.exec('DELETE FROM idempotency_keys WHERE id = ? AND resent = 0', key);
  else sql.exec('UPDATE idempotency_keys SET resent = 1 WHERE id = ?', key);
  sql.exec('UPDATE idempotency_keys SET running_since_ms = NULL WHERE id = ?', key);
}

/** Once its change was answered, a run need not be waited for: another gets the same answer. */
function isRunning(sql: Sql, key: string, sinceMs: number | null, nowMs: number): boolean {
  return sinceMs !== null && nowMs - sinceMs < RUN_LEASE_MS && answerTo(sql, key) === null;
}
