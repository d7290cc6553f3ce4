/** `icestream/storage/local`: files in Node, Deno and Bun. */
import type { StoreFactory } from '../registry.ts';
import { LocalStore } from './local-store.ts';

export { LocalStore, type LocalStoreOptions } from './local-store.ts';

/** For a `StoreRegistry`: `factories: new Map([['file', localStoreFactory]])`. */
export const localStoreFactory: StoreFactory = () => new LocalStore();
