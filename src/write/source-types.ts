/** What sources that would guess types are told of a table. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import { arrowSchemaFromIceberg } from '../format/arrow-from-iceberg.ts';
import { withoutNestedDefaults } from '../format/write-defaults.ts';
import type { Schema } from '../spec/schema.ts';

export function typesForSource(schema: Schema): ArrowSchema {
  return arrowSchemaFromIceberg(withoutNestedDefaults(schema));
}
