/** Changing the catalog's database: each change is one transaction, and is made once however often it is sent. */
import type { Change, ChangeAnswer, ChangeDone } from './change.ts';
import { Refused } from './change.ts';
import { createNamespace, dropNamespace, updateNamespace } from './namespace-rows.ts';
import type { ObjectStorage, Sql } from './object-storage.ts';
import { addPurge } from './purge-rows.ts';
import { dropTable, renameTable, swapPointers } from './table-rows.ts';

/** How long the answer to a change is remembered: longer than any idempotency key. */
const CHANGES_KEPT_MS = 24 * 3_600_000;

/** What a change was answered; null: it was never made, or too long ago. */
export function answerTo(sql: Sql, id: string): ChangeAnswer | null {
  const [row] = sql.exec<{ answer: string }>('SELECT answer FROM changes WHERE id = ?', id).toArray();
  return row === undefined ? null : JSON.parse(row.answer);
}

/**
 * Refusals are remembered too: a first send that arrives after the second must not be applied when that was refused.
 * @param id names the change, over all its sends.
 */
export function applyChange(storage: ObjectStorage, change: Change, id: string, nowMs: number): ChangeAnswer {
  const { sql } = storage;
  return storage.transactionSync(() => {
    const known = answerTo(sql, id);
    if (known !== null) return known;
    sql.exec('DELETE FROM changes WHERE made_ms < ?', nowMs - CHANGES_KEPT_MS);
    const answer = orRefusal(() => storage.transactionSync(() => apply(sql, change, id, nowMs)));
    // A drop that comes too late is sent again, for the table as it is then.
    const isFinal = !(change.kind === 'drop-table' && answer.kind === 'refused' && answer.why === 'moved');
    const row = [id, JSON.stringify(answer), nowMs];
    if (isFinal) sql.exec('INSERT INTO changes (id, answer, made_ms) VALUES (?, ?, ?)', ...row);
    return answer;
  });
}

function orRefusal(run: () => ChangeDone): ChangeAnswer {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

function apply(sql: Sql, change: Change, id: string, nowMs: number): ChangeDone {
  switch (change.kind) {
    case 'create-namespace':
      createNamespace(sql, change.namespace, change.properties);
      return { kind: 'done' };
    case 'update-namespace':
      return { kind: 'done', update: updateNamespace(sql, change.namespace, change.changes) };
    case 'drop-namespace':
      dropNamespace(sql, change.namespace);
      return { kind: 'done' };
    case 'swap': {
      swapPointers(sql, change.swaps);
      const first = change.swaps.find(({ from, to }) => from !== to);
      return { kind: 'done', ...(first === undefined ? {} : { to: first.to }) };
    }
    case 'drop-table': {
      const folder = dropTable(sql, change.identifier, change.from);
      if (!change.purge) return { kind: 'done' };
      addPurge(sql, { folder, run: id }, change.identifier, nowMs);
      return { kind: 'done', purge: folder };
    }
    case 'rename-table':
      renameTable(sql, change.from, change.to);
      return { kind: 'done' };
  }
}
