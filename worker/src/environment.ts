/** What wrangler.jsonc and secrets give the Worker. */
import { bearerTokens, type CatalogUpstream, type IngestKey } from 'icestream/server';
import type { CatalogObjectBinding } from 'icestream/server/durable-catalog';
import type { R2BucketBinding } from 'icestream/storage/r2';

export interface Environment {
  readonly BUCKET: R2BucketBinding;
  /** Default: the catalog is kept in the bucket. */
  readonly CATALOG?: CatalogObjectBinding;
  readonly BUCKET_NAME: string;
  readonly WAREHOUSE: string;
  /** JSON: a list of `IngestKey`. */
  readonly INGEST_KEYS?: string;
  /** JSON: a list of tokens that clients of the catalog may have. */
  readonly CATALOG_TOKENS?: string;
  /** 32 characters or more: what credentials for the bucket are derived from. */
  readonly VEND_SECRET?: string;
  /**
   * JSON: catalogs to pass requests on to, at `/catalogs/{name}`: `{ name: { uri, tokenEndpoint?, authorization? } }`. With
   * `authorization` (`Bearer …`), the Worker lends it to clients that have one of CATALOG_TOKENS.
   */
  readonly CATALOG_UPSTREAMS?: string;
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

export function catalogUpstreams(environment: Environment): Readonly<Record<string, CatalogUpstream>> {
  const text = environment.CATALOG_UPSTREAMS || '{}';
  const form = '{ "prod": { "uri": "https://catalog.example/iceberg" } }';
  const given = objectOf('CATALOG_UPSTREAMS', text, form) as Record<
    string,
    CatalogUpstream & { authorization?: string }
  >;
  const upstreams = Object.entries(given).map(([name, { authorization, ...upstream }]) => {
    if (authorization === undefined) return [name, upstream] as const;
    const access = { authorization, authenticate: bearerTokens(catalogTokens(environment)) };
    return [name, { ...upstream, access }] as const;
  });
  return Object.fromEntries(upstreams);
}

/** Those that are named, and the Worker's own where a proxy keeps it from seeing that in requests. */
export function origins({ ORIGINS = '', PUBLIC_URL }: Environment): readonly string[] {
  const named = ORIGINS.split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '');
  return PUBLIC_URL ? [...named, new URL(PUBLIC_URL).origin] : named;
}

/** Where clients reach the Worker, without a slash at the end: as configured, or as one of them wrote it. */
export function publicUrl({ PUBLIC_URL }: Environment, requestUrl: string): string {
  return (PUBLIC_URL || new URL(requestUrl).origin).replace(/\/+$/, '');
}

function listOf(name: string, text = '[]', form: string): readonly unknown[] {
  const list = parsed(text);
  if (Array.isArray(list)) return list;
  throw new Error(`the secret ${name} is no JSON list: ${form}`);
}

function objectOf(name: string, text: string, form: string): object {
  const value = parsed(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new Error(`the secret ${name} is no JSON object: ${form}`);
}

/** Undefined for what is no JSON: the parser's message would show part of the secret. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
