/** Partition keys, which the engine makes and runs are labelled with. */
import type { Bytes } from '../util/bytes.ts';

/** The values that a key is made of (`PartitionSlice.key`). Null: these bytes are no key. */
export function valuesOfKey(key: Bytes): (Bytes | null)[] | null {
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  const values: (Bytes | null)[] = [];
  for (let at = 0; at < key.length; ) {
    if (key[at] === 0) {
      values.push(null);
      at += 1;
      continue;
    }
    const start = at + 5;
    if (key[at] !== 1 || start > key.length) return null;
    at = start + view.getUint32(start - 4);
    if (at > key.length) return null;
    values.push(key.slice(start, at));
  }
  return values;
}
