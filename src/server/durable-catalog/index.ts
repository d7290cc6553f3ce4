/** `icestream/server/durable-catalog`: a catalog in a Durable Object; for Workers only. */
export { CatalogObject } from './catalog-object.ts';
export { DurableCatalog, type DurableCatalogOptions } from './durable-catalog.ts';
export { type DurableKeysOptions, durableKeys } from './durable-keys.ts';
export type { CatalogObjectBinding } from './rpc.ts';
