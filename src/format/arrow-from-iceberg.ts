/**
 * The Arrow schema of a data file for a table schema: field ids on every level, microseconds, list children named
 * `element`, map children `key` and `value`, uuid as its extension type (spec: Appendix A, Parquet).
 */
import { type ArrowField, type ArrowSchema, type ArrowType, MOST_NESTED_TYPES } from '../engine/arrow-schema.ts';
import { IcestreamError } from '../errors.ts';
import type { Schema } from '../spec/schema.ts';
import { parsePrimitive } from '../spec/type-parse.ts';
import type { NestedField, PrimitiveType, StructType, Type } from '../spec/types.ts';

/**
 * The schema to which batches are aligned before they are encoded. Columns of type `unknown` are left out: they hold
 * nothing but nulls and are not stored (v3).
 * @throws IcestreamError UNSUPPORTED naming a column of a type that cannot be written (variant, geometry, geography), or
 * whose types are nested too deep.
 */
export function arrowSchemaFromIceberg(schema: Schema): ArrowSchema {
  for (const { name, type } of schema.fields) {
    if (nesting(type) <= MOST_NESTED_TYPES) continue;
    const text = `column ${name}: its type is nested more than ${MOST_NESTED_TYPES} levels deep; hold it as text`;
    throw new IcestreamError('UNSUPPORTED', text, { column: name });
  }
  return { fields: structFields(schema, '') };
}

/** How many levels of types are inside of a type. */
function nesting(type: Type): number {
  if (typeof type === 'string') return 0;
  switch (type.type) {
    case 'struct':
      return 1 + type.fields.reduce((most, field) => Math.max(most, nesting(field.type)), 0);
    case 'list':
      return 1 + nesting(type.element);
    case 'map':
      return 1 + Math.max(nesting(type.key), nesting(type.value));
  }
}

function structFields(struct: StructType, path: string): ArrowField[] {
  const fields: ArrowField[] = [];
  for (const field of struct.fields) {
    if (field.type === 'unknown') continue;
    fields.push(arrowField(field, path === '' ? field.name : `${path}.${field.name}`));
  }
  return fields;
}

function arrowField(field: Pick<NestedField, 'id' | 'name' | 'required' | 'type'>, path: string): ArrowField {
  return {
    name: field.name,
    nullable: !field.required,
    type: arrowType(field.type, path),
    fieldId: field.id,
    ...(field.type === 'uuid' ? { extension: 'arrow.uuid' } : {}),
  };
}

function arrowType(type: Type, path: string): ArrowType {
  if (typeof type === 'string') return arrowPrimitive(type, path);
  switch (type.type) {
    case 'struct': {
      const fields = structFields(type, path);
      if (fields.length === 0) throw unsupported(path, 'a struct without stored fields');
      return { kind: 'struct', fields };
    }
    case 'list': {
      const { 'element-id': id, 'element-required': required, element } = type;
      return {
        kind: 'list',
        layout: 'offset32',
        element: arrowField({ id, name: 'element', required, type: element }, `${path}.element`),
      };
    }
    case 'map': {
      const { 'key-id': keyId, key, 'value-id': valueId, 'value-required': required, value } = type;
      return {
        kind: 'map',
        key: arrowField({ id: keyId, name: 'key', required: true, type: key }, `${path}.key`),
        value: arrowField({ id: valueId, name: 'value', required, type: value }, `${path}.value`),
      };
    }
  }
}

function arrowPrimitive(type: PrimitiveType, path: string): ArrowType {
  const info = parsePrimitive(type);
  switch (info.kind) {
    case 'boolean':
      return { kind: 'bool' };
    case 'int':
      return { kind: 'int', bitWidth: 32, signed: true };
    case 'long':
      return { kind: 'int', bitWidth: 64, signed: true };
    case 'float':
      return { kind: 'float', bitWidth: 32 };
    case 'double':
      return { kind: 'float', bitWidth: 64 };
    case 'date':
      return { kind: 'date', unit: 'day' };
    case 'time':
      return { kind: 'time', unit: 'us' };
    case 'timestamp':
      return { kind: 'timestamp', unit: 'us', timezone: null };
    case 'timestamptz':
      return { kind: 'timestamp', unit: 'us', timezone: 'UTC' };
    case 'timestamp_ns':
      return { kind: 'timestamp', unit: 'ns', timezone: null };
    case 'timestamptz_ns':
      return { kind: 'timestamp', unit: 'ns', timezone: 'UTC' };
    case 'string':
      return { kind: 'utf8', layout: 'offset32' };
    case 'binary':
      return { kind: 'binary', layout: 'offset32' };
    case 'uuid':
      return { kind: 'fixed_size_binary', byteWidth: 16 };
    case 'fixed':
      return { kind: 'fixed_size_binary', byteWidth: info.length };
    case 'decimal':
      return { kind: 'decimal', bitWidth: 128, precision: info.precision, scale: info.scale };
    default:
      throw unsupported(path, `the type ${type}`);
  }
}

function unsupported(path: string, what: string): IcestreamError {
  return new IcestreamError('UNSUPPORTED', `column ${path}: ${what} cannot be written`, { column: path });
}
