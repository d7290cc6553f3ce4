/** How a data file calls the columns of a table: `tags.list.element` for `tags.element` (spec: Appendix A, Parquet). */

import { type IndexedField, schemaIndex } from '../spec/schema-index.ts';
import type { StructType } from '../spec/types.ts';

/** The path in the file of a column that the table knows by this name; undefined: the table has none. */
export function parquetPath(schema: StructType, name: string): string | undefined {
  const { byPath, byId } = schemaIndex(schema);
  const pathOf = ({ name: own, parentId }: IndexedField): string => {
    const parent = parentId === null ? undefined : byId.get(parentId);
    if (parent === undefined || typeof parent.type === 'string') return own;
    const between = { struct: '', list: 'list.', map: 'key_value.' }[parent.type.type];
    return `${pathOf(parent)}.${between}${own}`;
  };
  const field = byPath.get(name);
  return field === undefined ? undefined : pathOf(field);
}
