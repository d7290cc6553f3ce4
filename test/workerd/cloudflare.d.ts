/** Of workerd's own module: the bindings that vitest.config.ts gives the tests. */
declare module 'cloudflare:workers' {
  import type { CatalogObjectBinding } from 'icestream/server/durable-catalog';
  import type { R2BucketBinding } from 'icestream/storage/r2';
  export const env: { readonly BUCKET: R2BucketBinding; readonly CATALOG: CatalogObjectBinding };
}
