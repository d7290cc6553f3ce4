/** What the tests of scans share. */
import type { Store } from '../../../src/storage/store.ts';
import { type Lake, lake } from '../write/lake.ts';

/** Values in one form, whatever the objects' prototypes: bytes as arrays, maps as lists of pairs, -0 and NaN as text. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (value instanceof Map) return { map: [...value].map(plain) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'number' && (Number.isNaN(value) || Object.is(value, -0)))
    return Object.is(value, -0) ? '-0' : 'NaN';
  if (typeof value !== 'object' || value === null) return value ?? null;
  return { fields: Object.entries(value).map(([name, one]) => [name, plain(one)]) };
}

export interface DataReads {
  bytes: number;
  readonly files: Set<string>;
  clear(): void;
}

/** A lake that counts what is read of data files. */
export async function countedLake(): Promise<Lake & { readonly dataReads: DataReads }> {
  const dataReads: DataReads = {
    bytes: 0,
    files: new Set(),
    clear() {
      this.bytes = 0;
      this.files.clear();
    },
  };
  const store = (inner: Store): Store =>
    new Proxy(inner, {
      get(target, name) {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function') return member;
        if (name !== 'read') return member.bind(target);
        return async (...args: Parameters<Store['read']>) => {
          const bytes = await target.read(...args);
          if (args[0].endsWith('.parquet')) {
            dataReads.bytes += bytes.length;
            dataReads.files.add(args[0]);
          }
          return bytes;
        };
      },
    });
  return { ...(await lake({ store })), dataReads };
}
