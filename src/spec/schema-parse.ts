/** Schemas from their JSON form (spec: Appendix C, Schemas). Members this version does not know are kept. */
import type { JsonCursor } from './json-cursor.ts';
import type { Schema } from './schema.ts';
import { formatPrimitive, parsePrimitive } from './type-parse.ts';
import type { NestedField, StructType, Type } from './types.ts';

/** Reads a schema: a struct with `schema-id` and `identifier-field-ids`, which are a set, as in Iceberg's Java library. */
export function parseSchema(cursor: JsonCursor): Schema {
  const struct = parseStruct(cursor);
  const schemaId = cursor.optional('schema-id')?.int();
  const identifiers = cursor
    .optional('identifier-field-ids')
    ?.array()
    .map((id) => id.int());
  return {
    ...struct,
    ...(schemaId === undefined ? {} : { 'schema-id': schemaId }),
    ...(identifiers === undefined ? {} : { 'identifier-field-ids': [...new Set(identifiers)] }),
  };
}

function parseType(cursor: JsonCursor): Type {
  if (typeof cursor.value === 'string') {
    try {
      return formatPrimitive(parsePrimitive(cursor.value));
    } catch {
      return cursor.fail(`${JSON.stringify(cursor.value)} is not a type this version knows`);
    }
  }
  const kind = cursor.get('type').oneOf(['struct', 'list', 'map']);
  if (kind === 'struct') return parseStruct(cursor);
  if (kind === 'list') {
    return {
      ...cursor.object(),
      type: 'list',
      'element-id': cursor.get('element-id').int(),
      'element-required': cursor.get('element-required').boolean(),
      element: parseType(cursor.get('element')),
    };
  }
  return {
    ...cursor.object(),
    type: 'map',
    'key-id': cursor.get('key-id').int(),
    key: parseType(cursor.get('key')),
    'value-id': cursor.get('value-id').int(),
    'value-required': cursor.get('value-required').boolean(),
    value: parseType(cursor.get('value')),
  };
}

function parseStruct(cursor: JsonCursor): StructType {
  cursor.get('type').oneOf(['struct']);
  return { ...cursor.object(), type: 'struct', fields: cursor.get('fields').array().map(parseField) };
}

function parseField(cursor: JsonCursor): NestedField {
  const doc = cursor.optional('doc')?.string();
  return {
    ...cursor.object(),
    id: cursor.get('id').int(),
    name: cursor.get('name').string(),
    required: cursor.get('required').boolean(),
    type: parseType(cursor.get('type')),
    ...(doc === undefined ? {} : { doc }),
  };
}
