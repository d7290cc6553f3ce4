/**
 * Tables as they were loaded last, with the ETags of those answers: a catalog that is asked with `If-None-Match` says
 * 304 while a table has not changed, and its metadata is neither sent nor parsed again.
 *
 * A cached table keeps its store. Credentials in the answer age with it, and are renewed by the store itself before
 * they expire or when they are refused, as those of any table that is held for long.
 */
import type { LoadedTable } from '../catalog.ts';

export interface CachedTable {
  readonly etag: string;
  readonly table: LoadedTable;
}

/** Characters of answers that are kept in all; parsed metadata takes a few times as many bytes. */
const MAX_KEPT_CHARACTERS = 2 << 20;

export class TableCache {
  /** By the path and query that was asked: the spec has other ETags for other `snapshots`. The oldest first. */
  readonly #tables = new Map<string, CachedTable & { readonly characters: number }>();
  #kept = 0;

  get(path: string): CachedTable | null {
    return this.#tables.get(path) ?? null;
  }

  /** `characters`: of the answer. Answers without an ETag, and very long ones, are not kept. */
  set(path: string, etag: string | null, characters: number, table: LoadedTable): void {
    this.delete(path);
    if (etag === null || etag === '' || characters > MAX_KEPT_CHARACTERS) return;
    this.#tables.set(path, { etag, characters, table });
    this.#kept += characters;
    for (const oldest of this.#tables.keys()) {
      if (this.#kept <= MAX_KEPT_CHARACTERS) break;
      this.delete(oldest);
    }
  }

  delete(path: string): void {
    this.#kept -= this.#tables.get(path)?.characters ?? 0;
    this.#tables.delete(path);
  }
}
