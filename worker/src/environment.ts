/** What wrangler.jsonc and secrets give the Worker. */
import type { IngestKey } from 'icestream/server';
import type { R2BucketBinding } from 'icestream/storage/r2';

export interface Environment {
  readonly BUCKET: R2BucketBinding;
  readonly BUCKET_NAME: string;
  readonly WAREHOUSE: string;
  /** JSON: a list of `IngestKey`. */
  readonly INGEST_KEYS?: string;
  /** JSON: a list of tokens that clients of the catalog may have. */
  readonly CATALOG_TOKENS?: string;
  /** 32 characters or more: what credentials for the bucket are derived from. */
  readonly VEND_SECRET?: string;
  /** Where clients reach the Worker, as `https://lake.example`. Default: as the request says. */
  readonly PUBLIC_URL?: string;
  readonly ORIGINS?: string;
  readonly CREATE_TABLES?: string;
  readonly PUBLIC_PAGE?: string;
}

export function ingestKeys({ INGEST_KEYS }: Environment): readonly IngestKey[] {
  return listOf('INGEST_KEYS', INGEST_KEYS, '[{ "id": "web", "token": "…", "tables": ["web.*"] }]') as IngestKey[];
}

export function catalogTokens({ CATALOG_TOKENS }: Environment): readonly string[] {
  return listOf('CATALOG_TOKENS', CATALOG_TOKENS, '["…"]') as string[];
}

export function origins({ ORIGINS = '' }: Environment): readonly string[] {
  return ORIGINS.split(',').filter((origin) => origin !== '');
}

/** @throws Error in words that can be logged: the secret itself is not in them. */
function listOf(name: string, text = '[]', example: string): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list)) return list;
  } catch {
    // The parser's message would show part of the secret.
  }
  throw new Error(`the secret ${name} is no JSON list: ${example}`);
}
