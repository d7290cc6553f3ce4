/** Fields that are filled with a value where the source lacks them (spec: Default values). */
import type { Schema } from '../spec/schema.ts';
import type { NestedField, Type } from '../spec/types.ts';

/** Whether the field has a write-default other than null. */
export function hasWriteDefault(field: NestedField): boolean {
  return (field['write-default'] ?? null) !== null;
}

/**
 * The schema as sources of text and rows get to know it: without the nested fields that have a write-default, which
 * they would add to their structs, as nulls, where the data lacks them. Data that has them keeps them.
 */
export function withoutNestedDefaults(schema: Schema): Schema {
  return { ...schema, fields: known(schema.fields) };
}

function known(fields: readonly NestedField[]): NestedField[] {
  return fields.flatMap((field) => {
    const type = knownType(field.type);
    return type === null ? [] : [type === field.type ? field : { ...field, type }];
  });
}

/** Null: nothing is left of the type. */
function knownType(type: Type): Type | null {
  if (typeof type === 'string') return type;
  switch (type.type) {
    case 'struct': {
      const fields = known(type.fields.filter((field) => !hasWriteDefault(field)));
      return fields.length === 0 ? null : { ...type, fields };
    }
    case 'list': {
      const element = knownType(type.element);
      return element === null ? null : { ...type, element };
    }
    case 'map': {
      const value = knownType(type.value);
      return value === null ? null : { ...type, value };
    }
  }
}

/** Whether any field in it has a write-default, nested ones too. */
export function hasWriteDefaults(type: Type): boolean {
  if (typeof type === 'string') return false;
  switch (type.type) {
    case 'struct':
      return type.fields.some((field) => hasWriteDefault(field) || hasWriteDefaults(field.type));
    case 'list':
      return hasWriteDefaults(type.element);
    case 'map':
      return hasWriteDefaults(type.key) || hasWriteDefaults(type.value);
  }
}
