/** Walking a schema and finding its fields by id or dotted name. */
import { IcestreamError } from '../errors.ts';
import type { Schema } from './schema.ts';
import type { StructType, Type } from './types.ts';

/** A field as found in a schema: a struct field, or a list's element, or a map's key or value. */
export interface IndexedField {
  readonly id: number;
  /** Dotted: `address.street`, `tags.element`, `attributes.key`. */
  readonly path: string;
  /** Its own name; `element`, `key`, `value` inside lists and maps. */
  readonly name: string;
  readonly required: boolean;
  readonly type: Type;
  /** The id of the field that holds it; null at the top. */
  readonly parentId: number | null;
  /** Whether it lies inside a list or map (such fields have no bounds and partition nothing). */
  readonly repeated: boolean;
  /** JSON single-value form; undefined: none. */
  readonly initialDefault: unknown;
}

/** Calls `visit` for every field in pre-order: a parent before its children. */
export function visitFields(struct: StructType, visit: (field: IndexedField) => void): void {
  visitStruct(struct, '', null, false, visit);
}

function visitStruct(
  struct: StructType,
  prefix: string,
  parentId: number | null,
  repeated: boolean,
  visit: (field: IndexedField) => void,
): void {
  for (const { id, name, required, type, 'initial-default': initialDefault } of struct.fields) {
    visitField({ id, path: prefix + name, name, required, type, parentId, repeated, initialDefault }, visit);
  }
}

function visitField(field: IndexedField, visit: (field: IndexedField) => void): void {
  visit(field);
  const { id: parentId, path, type } = field;
  if (typeof type === 'string') return;
  if (type.type === 'struct') {
    visitStruct(type, `${path}.`, parentId, field.repeated, visit);
    return;
  }
  const child = (name: string, id: number, required: boolean, childType: Type) => {
    const place = { path: `${path}.${name}`, name, parentId, repeated: true, initialDefault: undefined };
    visitField({ ...place, id, required, type: childType }, visit);
  };
  if (type.type === 'list') {
    child('element', type['element-id'], type['element-required'], type.element);
  } else {
    child('key', type['key-id'], true, type.key);
    child('value', type['value-id'], type['value-required'], type.value);
  }
}

/** Fields of one schema by id and by name; made once per schema object. */
export interface SchemaIndex {
  readonly byId: ReadonlyMap<number, IndexedField>;
  readonly byPath: ReadonlyMap<string, IndexedField>;
  /** In pre-order. */
  readonly fields: readonly IndexedField[];
  /** 0 for an empty schema. */
  readonly highestId: number;
}

const indexes = new WeakMap<StructType, SchemaIndex>();

/** The index of a schema; the same object for the same schema. When ids or names repeat, the first wins. */
export function schemaIndex(schema: StructType): SchemaIndex {
  const known = indexes.get(schema);
  if (known !== undefined) return known;
  const byId = new Map<number, IndexedField>();
  const byPath = new Map<string, IndexedField>();
  const fields: IndexedField[] = [];
  let highestId = 0;
  visitFields(schema, (field) => {
    fields.push(field);
    if (!byId.has(field.id)) byId.set(field.id, field);
    if (!byPath.has(field.path)) byPath.set(field.path, field);
    highestId = Math.max(highestId, field.id);
  });
  const index = { byId, byPath, fields, highestId };
  indexes.set(schema, index);
  return index;
}

/** Exact, case-sensitive, dotted. */
export function findFieldByName(schema: StructType, path: string): IndexedField | undefined {
  return schemaIndex(schema).byPath.get(path);
}

/**
 * The field of that name, or a clear error with the nearest name.
 * @throws IcestreamError INVALID_ARGUMENT
 */
export function requireField(schema: StructType, path: string): IndexedField {
  const field = findFieldByName(schema, path);
  if (field !== undefined) return field;
  const lower = path.toLowerCase();
  const near = schemaIndex(schema).fields.find((candidate) => candidate.path.toLowerCase() === lower);
  const names = schema.fields.slice(0, 20).map((candidate) => candidate.name);
  const more = schema.fields.length > names.length ? ', …' : '';
  const hint =
    near === undefined ? `the table has ${names.join(', ')}${more}` : `did you mean ${JSON.stringify(near.path)}`;
  throw new IcestreamError('INVALID_ARGUMENT', `There is no column ${JSON.stringify(path)}; ${hint}.`, {
    column: path,
  });
}

/** Ids of the schema's identifier fields. */
export function identifierFieldIds(schema: Schema): readonly number[] {
  return schema['identifier-field-ids'] ?? [];
}
