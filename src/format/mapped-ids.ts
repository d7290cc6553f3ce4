/** Field ids for the columns of a file without any, by name mapping (spec: Name Mapping Serialization). */
import type { ArrowField, ArrowSchema, ArrowType } from '../engine/arrow-schema.ts';
import { mappedField, type NameMapping } from './name-mapping.ts';

/** The file's schema with the table's field ids, by name mapping; fields that the mapping lacks have none. */
export function withMappedIds(schema: ArrowSchema, mapping: NameMapping): ArrowSchema {
  return { fields: schema.fields.map((field) => mapField(field, field.name, mapping)) };
}

function mapField(field: ArrowField, name: string, mapping: NameMapping): ArrowField {
  const found = mappedField(mapping, name);
  const { fieldId: _, ...rest } = field;
  const type = mapType(field.type, found?.fields ?? []);
  const id = found?.['field-id'];
  return id === undefined ? { ...rest, type } : { ...rest, type, fieldId: id };
}

/** Lists and maps have their own names for their children in mappings, whatever the file calls them. */
function mapType(type: ArrowType, mapping: NameMapping): ArrowType {
  switch (type.kind) {
    case 'struct':
      return { ...type, fields: type.fields.map((f) => mapField(f, f.name, mapping)) };
    case 'list':
    case 'fixed_size_list':
      return { ...type, element: mapField(type.element, 'element', mapping) };
    case 'map':
      return { ...type, key: mapField(type.key, 'key', mapping), value: mapField(type.value, 'value', mapping) };
    case 'dictionary':
    case 'run_end_encoded':
      return { ...type, value: mapType(type.value, mapping) };
    default:
      return type;
  }
}
