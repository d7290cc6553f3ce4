/** Idempotency keys in a store: for a catalog that several isolates or servers share. */
import { IcestreamError } from '../../errors.ts';
import { JsonCursor } from '../../spec/json-cursor.ts';
import type { Store } from '../../storage/store.ts';
import { utf8 } from '../../util/encoding.ts';
import { parseJson, stringifyJson } from '../../util/json.ts';
import { type OptionNames, requireKnownOptions } from '../../util/known-options.ts';
import { joinLocation } from '../../util/location.ts';
import { uuidV4, uuidV7Ms } from '../../util/uuid.ts';
import { defaultWorld, type World } from '../../util/world.ts';
import { type Claim, type IdempotencyKeys, KEY_GRACE, type KeptAnswer, RUN_LEASE_MS } from './idempotency-keys.ts';

export interface StoreKeysOptions {
  /** Needs `conditionalCreate` and `conditionalReplace`. */
  readonly store: Store;
  /** A folder of their own, e.g. `s3://bucket/lakehouse/_icestream-keys`. */
  readonly location: string;
  /** Default 30 minutes. */
  readonly lifetimeMs?: number;
  readonly world?: World;
}

const OPTIONS: OptionNames<StoreKeysOptions> = { store: true, location: true, lifetimeMs: true, world: true };

/** What is stored of a key at once when it is used. */
interface ClaimRecord {
  readonly fingerprint: string;
  readonly firstMs: number;
  /** When the run began; null: it ended with its outcome unknown. */
  readonly runningSinceMs: number | null;
  /** Whether an earlier run may have been applied. */
  readonly resent: boolean;
  /** Names the run, to know one's own record after a lost answer. */
  readonly run: string;
}

/** Old objects removed at one time. */
const REMOVE_AT_ONCE = 500;

/**
 * One small object for each request that changes something, created on condition that it is new, and one for its
 * answer (another, because some stores take few writes a second to one object). Two more requests to the store for
 * each change. Objects past their lifetime are removed now and then.
 * @throws IcestreamError UNSUPPORTED for a store that cannot write on conditions; TypeError for an option that there is not.
 */
export function storeKeys(options: StoreKeysOptions): IdempotencyKeys {
  requireKnownOptions('storeKeys', options, OPTIONS);
  const { store, location, lifetimeMs = 30 * 60_000, world = defaultWorld } = options;
  const { conditionalCreate, conditionalReplace, list } = store.capabilities;
  if (!conditionalCreate || !conditionalReplace) {
    throw new IcestreamError('UNSUPPORTED', 'the store for idempotency keys must be able to write on conditions', {
      option: 'store',
    });
  }
  const claimFile = (key: string) => joinLocation(location, `${key}.claim.json`);
  const answerFile = (key: string) => joinLocation(location, `${key}.answer.json`);
  let cleanedMs = world.now();

  async function put(file: string, value: unknown, condition?: { ifNoneMatch: '*' } | { ifMatch: string }) {
    await store.put(file, utf8(stringifyJson(value)), {
      contentType: 'application/json',
      ...(condition === undefined ? {} : { condition }),
    });
  }

  /** Whether the record is stored now as it was put. */
  async function take(key: string, record: ClaimRecord, condition: { ifNoneMatch: '*' } | { ifMatch: string }) {
    try {
      await put(claimFile(key), record, condition);
      return true;
    } catch (error) {
      // A refusal may be the echo of a first send whose answer was lost, and a lost answer may hide a success.
      if ((await readJson(store, claimFile(key), readRecord))?.run === record.run) return true;
      if (error instanceof IcestreamError && ['PRECONDITION_FAILED', 'NOT_FOUND'].includes(error.code)) return false;
      throw error;
    }
  }

  /** Null: what is stored changed meanwhile. */
  async function claimOnce(key: string, fingerprint: string): Promise<Claim | null> {
    const now = world.now();
    const fresh = { fingerprint, firstMs: now, runningSinceMs: now, resent: false, run: uuidV4(world) };
    if (await take(key, fresh, { ifNoneMatch: '*' })) return { kind: 'run', resent: false };
    // The tag is older than what is read, so that what comes between fails the put.
    const etag = (await store.stat(claimFile(key)))?.etag ?? null;
    const known = await readJson(store, claimFile(key), readRecord);
    if (etag === null || known === null) return null;
    if (now - known.firstMs > lifetimeMs * KEY_GRACE) {
      await store.delete([answerFile(key)]);
      return (await take(key, fresh, { ifMatch: etag })) ? { kind: 'run', resent: false } : null;
    }
    if (known.fingerprint !== fingerprint) return { kind: 'other' };
    const answer = await readJson(store, answerFile(key), readAnswer);
    if (answer !== null) return { kind: 'answered', answer };
    if (known.runningSinceMs !== null && now - known.runningSinceMs < RUN_LEASE_MS) return { kind: 'running' };
    const again = { ...fresh, firstMs: known.firstMs, resent: true };
    return (await take(key, again, { ifMatch: etag })) ? { kind: 'run', resent: true } : null;
  }

  /** The oldest come first: keys begin with their time. Best effort. */
  async function removeOld(): Promise<void> {
    const oldest = world.now() - 2 * lifetimeMs;
    if (!list || cleanedMs > oldest) return;
    cleanedMs = world.now();
    const old: string[] = [];
    try {
      for await (const { location: file, lastModifiedMs } of store.list(joinLocation(location, ''))) {
        const madeMs = uuidV7Ms(file.slice(file.lastIndexOf('/') + 1).slice(0, 36));
        if (madeMs === null) continue;
        if (madeMs > oldest || old.length === REMOVE_AT_ONCE) break;
        if (lastModifiedMs === null || lastModifiedMs < oldest) old.push(file);
      }
      if (old.length > 0) await store.delete(old);
    } catch {
      // They stay, and nobody looks at them.
    }
  }

  return {
    lifetimeMs,
    async claim(key, fingerprint) {
      await removeOld();
      for (let attempt = 1; attempt <= 5; attempt++) {
        const claim = await claimOnce(key, fingerprint);
        if (claim !== null) return claim;
      }
      return { kind: 'running' };
    },
    settle: (key, answer) => put(answerFile(key), answer),
    async release(key, outcome) {
      const file = claimFile(key);
      const known = await readJson(store, file, readRecord);
      if (known === null) return;
      if (outcome === 'not-applied' && !known.resent) await store.delete([file]);
      else await put(file, { ...known, runningSinceMs: null });
    },
  };
}

async function readJson<T>(store: Store, file: string, read: (cursor: JsonCursor) => T): Promise<T | null> {
  try {
    const text = new TextDecoder().decode(await store.read(file));
    return read(new JsonCursor(parseJson(text, { file }), file));
  } catch (error) {
    if (error instanceof IcestreamError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

function readRecord(cursor: JsonCursor): ClaimRecord {
  const since = cursor.optional('runningSinceMs');
  return {
    fingerprint: cursor.get('fingerprint').string(),
    firstMs: Number(cursor.get('firstMs').long()),
    runningSinceMs: since === null ? null : Number(since.long()),
    resent: cursor.get('resent').boolean(),
    run: cursor.get('run').string(),
  };
}

function readAnswer(cursor: JsonCursor): KeptAnswer {
  return {
    status: cursor.get('status').int(),
    body: cursor.optional('body')?.string() ?? null,
    isTable: cursor.get('isTable').boolean(),
  };
}
