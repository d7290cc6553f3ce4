/** `icestream/server`: apps for any runtime with `fetch`, to be mounted alone or together. */
export { catalogApp } from './catalog/app.ts';
export { type Access, type Authenticate, anyone, bearerTokens } from './catalog/authenticate.ts';
export type { Claim, IdempotencyKeys, KeptAnswer } from './catalog/idempotency-keys.ts';
export { type MemoryKeysOptions, memoryKeys } from './catalog/memory-keys.ts';
export type { CatalogAppOptions, VendedAccess } from './catalog/options.ts';
export { type StoreKeysOptions, storeKeys } from './catalog/store-keys.ts';
export { ingestApp } from './ingest/app.ts';
export { hmacAuthorization, type SignedParts } from './ingest/authenticate.ts';
export { answerOf, type LoadRequest, Loads } from './ingest/loads.ts';
export type { IngestKey, IngestOptions } from './ingest/options.ts';
