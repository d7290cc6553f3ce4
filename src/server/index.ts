/** `icestream/server`: apps for any runtime with `fetch`, to be mounted alone or together. */
export { catalogApp } from './catalog/app.ts';
export { type Access, type Authenticate, anyone, bearerTokens } from './catalog/authenticate.ts';
export type { Claim, IdempotencyKeys, KeptAnswer } from './catalog/idempotency-keys.ts';
export { type MemoryKeysOptions, memoryKeys } from './catalog/memory-keys.ts';
export type { CatalogAppOptions, VendedAccess } from './catalog/options.ts';
export { type StoreKeysOptions, storeKeys } from './catalog/store-keys.ts';
export { catalogProxyApp } from './catalog-proxy/app.ts';
export type { CatalogProxyOptions, CatalogUpstream } from './catalog-proxy/options.ts';
export { ingestApp } from './ingest/app.ts';
export { hmacAuthorization, type SignedParts } from './ingest/authenticate.ts';
export { answerOf, type LoadRequest, Loads } from './ingest/loads.ts';
export type { IngestKey, IngestOptions } from './ingest/options.ts';
export type { OnError } from './on-error.ts';
export { type S3AppOptions, s3App } from './s3/app.ts';
export {
  anyCredentials,
  type S3CredentialsLookup,
  type S3Grant,
  type S3Scope,
  staticCredentials,
  type VendedCredentials,
  type VendOptions,
  vendCredentials,
  vendedCredentials,
} from './s3/credentials.ts';
