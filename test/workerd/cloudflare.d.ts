/** Of workerd's own module: the bindings that vitest.config.ts gives the tests. */
declare module 'cloudflare:workers' {
  import type { CatalogObjectBinding } from 'icestream/server/durable-catalog';
  import type { R2BucketBinding } from 'icestream/storage/r2';
  export const env: { readonly BUCKET: R2BucketBinding; readonly CATALOG: CatalogObjectBinding };
}

/** Of the test pool's own module, what the tests use. */
declare module 'cloudflare:test' {
  // biome-ignore lint/suspicious/noExplicitAny: Cloudflare's own types need not be installed
  export function runInDurableObject<T>(stub: unknown, run: (instance: unknown, state: any) => T): Promise<T>;
  export function evictDurableObject(stub: unknown): Promise<void>;
}
