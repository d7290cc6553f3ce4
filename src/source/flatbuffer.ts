/** Reading FlatBuffers where only an offset or two are wanted; a place out of bounds is a RangeError. */

/** The root table of a buffer that begins at `at`; also what the offset in a field at `at` leads to. */
export function flatRoot(view: DataView, at: number): number {
  return at + view.getUint32(at, true);
}

/** Where a table's field stands; null: it is left out (its default). */
export function flatField(view: DataView, table: number, id: number): number | null {
  const vtable = table - view.getInt32(table, true);
  const entry = 4 + 2 * id;
  if (entry >= view.getUint16(vtable, true)) return null;
  const offset = view.getUint16(vtable + entry, true);
  return offset === 0 ? null : table + offset;
}
