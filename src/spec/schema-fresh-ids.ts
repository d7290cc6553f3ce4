/** Fresh field ids for a new table, or for new columns of an existing one (spec: Schema Evolution). */
import type { Schema } from './schema.ts';
import type { NestedField, StructType, Type } from './types.ts';

/** A schema with new ids; the order of its fields is that of the one asked for. */
export interface FreshSchema {
  readonly schema: Schema;
  /** The highest id in use now. */
  readonly lastColumnId: number;
}

/**
 * Gives every field a new id: the fields of a struct first, then what is inside them, as Iceberg's Java library
 * counts. Identifier fields are carried over by their place in the schema.
 * @param lastColumnId Highest id already in use. Default 0.
 */
export function assignFreshIds(schema: Schema, lastColumnId = 0): FreshSchema {
  const assigned = new Map<number, number>();
  let last = lastColumnId;
  const next = (oldId: number) => {
    last += 1;
    if (!assigned.has(oldId)) assigned.set(oldId, last);
    return last;
  };
  const fresh = freshStruct(schema, next);
  const identifiers = schema['identifier-field-ids']?.map((id) => assigned.get(id) ?? id);
  return {
    schema: {
      ...schema,
      ...fresh,
      ...(identifiers === undefined ? {} : { 'identifier-field-ids': [...new Set(identifiers)] }),
    },
    lastColumnId: last,
  };
}

type NextId = (oldId: number) => number;

function freshStruct(struct: StructType, next: NextId): StructType {
  const ids = struct.fields.map((field) => next(field.id));
  return {
    ...struct,
    fields: struct.fields.map(
      (field, index): NestedField => ({ ...field, id: ids[index] ?? 0, type: freshType(field.type, next) }),
    ),
  };
}

function freshType(type: Type, next: NextId): Type {
  if (typeof type === 'string') return type;
  if (type.type === 'struct') return freshStruct(type, next);
  if (type.type === 'list') {
    const elementId = next(type['element-id']);
    return { ...type, 'element-id': elementId, element: freshType(type.element, next) };
  }
  const keyId = next(type['key-id']);
  const valueId = next(type['value-id']);
  const key = freshType(type.key, next);
  return { ...type, 'key-id': keyId, 'value-id': valueId, key, value: freshType(type.value, next) };
}
