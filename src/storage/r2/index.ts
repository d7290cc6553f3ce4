/** `icestream/storage/r2`. */
export type { R2BucketBinding } from './binding.ts';
export { R2Store, type R2StoreOptions } from './r2-store.ts';
