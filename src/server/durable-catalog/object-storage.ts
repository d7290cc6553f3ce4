/**
 * What is used of a Durable Object's storage
 * (https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/): Cloudflare's own types fit.
 */
export type SqlValue = string | number | null;

export interface Sql {
  /** Several statements may stand in `query`; the bindings are those of the last. */
  exec<Row extends Record<string, SqlValue>>(query: string, ...bindings: SqlValue[]): { toArray(): Row[] };
}

export interface ObjectStorage {
  readonly sql: Sql;
  /** Undoes what `run` did when it throws; one may stand in another. */
  transactionSync<T>(run: () => T): T;
}

/** Safe to repeat. Namespaces are JSON lists, so that a name may hold any letter. */
export function createSchema(sql: Sql): void {
  sql.exec(`
    CREATE TABLE IF NOT EXISTS namespaces (
      name TEXT PRIMARY KEY,
      parent TEXT NOT NULL,
      properties TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS namespaces_by_parent ON namespaces (parent);

    CREATE TABLE IF NOT EXISTS tables (
      namespace TEXT NOT NULL,
      name TEXT NOT NULL,
      folder TEXT NOT NULL UNIQUE,
      metadata_location TEXT NOT NULL,
      PRIMARY KEY (namespace, name)
    ) WITHOUT ROWID;

    -- Of tables that were dropped, with files that are to be removed.
    CREATE TABLE IF NOT EXISTS purges (
      folder TEXT PRIMARY KEY,
      names TEXT NOT NULL,
      run TEXT NOT NULL,
      since_ms INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS purges_by_time ON purges (since_ms);

    -- What changes were answered, so that one that is sent again is not made again.
    CREATE TABLE IF NOT EXISTS changes (
      id TEXT PRIMARY KEY,
      answer TEXT NOT NULL,
      made_ms INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS changes_by_time ON changes (made_ms);

    CREATE TABLE IF NOT EXISTS idempotency_keys (
      id TEXT PRIMARY KEY,
      fingerprint TEXT NOT NULL,
      run TEXT NOT NULL,
      first_ms INTEGER NOT NULL,
      running_since_ms INTEGER,
      resent INTEGER NOT NULL,
      answer TEXT
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS idempotency_keys_by_time ON idempotency_keys (first_ms);
  `);
}
