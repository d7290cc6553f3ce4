/** `icestream/storage/opfs`. */
export { OpfsStore, type OpfsStoreOptions } from './opfs-store.ts';
