/** `icestream/storage/memory`. */
export { MemoryStore } from './memory-store.ts';
