/**
 * Name mapping: how columns of files without field ids are found (spec: Column Projection, name mapping
 * serialization; table property `schema.name-mapping.default`).
 */
import { IcestreamError } from '../errors.ts';
import type { Schema } from '../spec/schema.ts';
import type { StructType, Type } from '../spec/types.ts';

export const NAME_MAPPING_PROPERTY = 'schema.name-mapping.default';

/** One field: its names in files, and its children. */
export interface MappedField {
  /** Absent: a field of the files that the table does not have. */
  readonly 'field-id'?: number;
  readonly names: readonly string[];
  readonly fields?: readonly MappedField[];
}

export type NameMapping = readonly MappedField[];

const MAX_DEPTH = 100;

/** Each field under its present name; what a table gets that has no mapping yet. */
export function deriveNameMapping(schema: Schema): NameMapping {
  return mapStruct(schema);
}

function mapStruct(struct: StructType): MappedField[] {
  return struct.fields.map(({ id, name, type }) => mapped(id, name, type));
}

function mapped(id: number, name: string, type: Type): MappedField {
  const fields = children(type);
  return { 'field-id': id, names: [name], ...(fields.length === 0 ? {} : { fields }) };
}

function children(type: Type): MappedField[] {
  if (typeof type === 'string') return [];
  if (type.type === 'struct') return mapStruct(type);
  if (type.type === 'list') return [mapped(type['element-id'], 'element', type.element)];
  return [mapped(type['key-id'], 'key', type.key), mapped(type['value-id'], 'value', type.value)];
}

export function stringifyNameMapping(mapping: NameMapping): string {
  return JSON.stringify(mapping);
}

/** @throws IcestreamError INVALID_METADATA naming what is wrong with the property. */
export function parseNameMapping(text: string): NameMapping {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid('it is not JSON', cause);
  }
  return parseFields(json, 0);
}

function parseFields(json: unknown, depth: number): MappedField[] {
  if (depth > MAX_DEPTH) throw invalid(`it is more than ${MAX_DEPTH} levels deep`);
  if (!Array.isArray(json)) throw invalid('a list of fields is expected');
  const seen = new Set<string>();
  return json.map((item: unknown) => {
    if (typeof item !== 'object' || item === null) throw invalid('a field is not an object');
    const { 'field-id': id, names, fields } = item as Record<string, unknown>;
    if (id !== undefined && id !== null && !Number.isSafeInteger(id)) throw invalid('a field-id is not an integer');
    if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
      throw invalid('names are not strings');
    for (const name of names) {
      if (seen.has(name)) throw invalid(`the name ${JSON.stringify(name)} stands for two fields`);
      seen.add(name);
    }
    return {
      ...(typeof id === 'number' ? { 'field-id': id } : {}),
      names,
      ...(fields === undefined || fields === null ? {} : { fields: parseFields(fields, depth + 1) }),
    };
  });
}

function invalid(why: string, cause?: unknown): IcestreamError {
  return new IcestreamError('INVALID_METADATA', `table property ${NAME_MAPPING_PROPERTY}: ${why}`, {
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Finds a struct's field by one of its names in files. */
export function mappedField(fields: NameMapping, name: string): MappedField | undefined {
  return fields.find((field) => field.names.includes(name));
}

/**
 * The mapping with the fields of the schema that it lacks, under their present names: those that were added after it
 * was made, by who did not keep it up to date. A name that stands for another field already stays with that.
 */
export function completedMapping(mapping: NameMapping, schema: Schema): NameMapping {
  return completed(mapping, deriveNameMapping(schema));
}

function completed(mapping: NameMapping, wanted: NameMapping): NameMapping {
  const byId = new Map(wanted.map((field) => [field['field-id'], field]));
  const kept = mapping.map((field) => {
    const fields = byId.get(field['field-id'])?.fields;
    return fields === undefined ? field : { ...field, fields: completed(field.fields ?? [], fields) };
  });
  const ids = new Set(mapping.map((field) => field['field-id']));
  const names = new Set(mapping.flatMap((field) => field.names));
  const added = wanted.filter((field) => !ids.has(field['field-id']) && !field.names.some((name) => names.has(name)));
  return [...kept, ...added];
}
