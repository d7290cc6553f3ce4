/** What wrangler.jsonc and secrets give the Worker. */
import { StoreCatalog, type TableCatalog } from 'icestream';
import type { IngestKey } from 'icestream/server';
import { type R2BucketBinding, R2Store } from 'icestream/storage/r2';

export interface Environment {
  readonly BUCKET: R2BucketBinding;
  readonly BUCKET_NAME: string;
  readonly WAREHOUSE: string;
  /** JSON: a list of `IngestKey`. */
  readonly INGEST_KEYS?: string;
  readonly ORIGINS?: string;
  readonly CREATE_TABLES?: string;
  readonly PUBLIC_PAGE?: string;
}

export interface Lakehouse {
  readonly store: R2Store;
  readonly catalog: TableCatalog;
}

export function lakehouseOf({ BUCKET, BUCKET_NAME, WAREHOUSE }: Environment): Lakehouse {
  const store = new R2Store({ binding: BUCKET, bucket: BUCKET_NAME });
  return { store, catalog: StoreCatalog.open({ warehouse: `s3://${BUCKET_NAME}/${WAREHOUSE}`, store }) };
}

/** @throws Error in words that can be logged: the secret itself is not in them. */
export function keysOf({ INGEST_KEYS = '[]' }: Environment): readonly IngestKey[] {
  try {
    const keys: unknown = JSON.parse(INGEST_KEYS);
    if (Array.isArray(keys)) return keys as readonly IngestKey[];
  } catch {
    // The parser's message would show part of the secret.
  }
  throw new Error('the secret INGEST_KEYS is no JSON list: [{ "id": "web", "token": "…", "tables": ["web.*"] }]');
}
