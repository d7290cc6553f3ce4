/** Memory that is given back early. */
import type { Bytes } from './bytes.ts';

/**
 * Gives the memory of `bytes` back now, where the runtime can, and not when garbage is next collected: large arrays that
 * live shortly would have it collected all the time. They must be the caller's own; part of a larger buffer is left alone.
 */
export function release(bytes: Bytes): void {
  const { buffer } = bytes;
  if (bytes.length !== buffer.byteLength) return;
  (buffer as { transfer?: (newByteLength: number) => ArrayBuffer }).transfer?.(0);
}
