/** What sources that would guess types are told of a table. */
import { arrowSchemaFromIceberg } from '../format/arrow-from-iceberg.ts';
import { hasWriteDefault, withoutNestedDefaults } from '../format/write-defaults.ts';
import type { ExpectedSchema } from '../source/source.ts';
import type { Schema } from '../spec/schema.ts';

export function typesForSource(schema: Schema): ExpectedSchema {
  // A column with a default is filled with it where the source lacks the column, so a source must not make one up.
  const optional = schema.fields.filter((field) => !field.required && !hasWriteDefault(field));
  return { ...arrowSchemaFromIceberg(withoutNestedDefaults(schema)), optional: optional.map(({ name }) => name) };
}
