/** Rules every table schema keeps (spec: Schemas and Data Types, Identifier Field IDs, Reserved Field IDs). */
import { IcestreamError } from '../errors.ts';
import type { Schema } from './schema.ts';
import { identifierFieldIds, type SchemaIndex, schemaIndex, visitFields } from './schema-index.ts';
import { minFormatVersion, typeKind } from './type-parse.ts';
import type { NestedField, StructType, Type } from './types.ts';

/** Ids above are reserved for metadata columns. */
const MAX_FIELD_ID = 2147483447;

/**
 * Checks names, ids, identifier fields and the types a format version allows; reports every problem at once.
 * @throws IcestreamError INVALID_METADATA
 */
export function validateSchema(schema: Schema, formatVersion: number): void {
  const problems = schemaProblems(schema, formatVersion);
  if (problems.length === 0) return;
  throw new IcestreamError('INVALID_METADATA', `This schema cannot be used:\n- ${problems.join('\n- ')}`);
}

/** The problems of {@link validateSchema} as sentences; empty when the schema is sound. */
export function schemaProblems(schema: Schema, formatVersion: number): string[] {
  const problems: string[] = [];
  const ids = new Map<number, string>();
  const paths = new Set<string>();
  visitFields(schema, ({ id, path, type, required }) => {
    const column = JSON.stringify(path);
    const twin = ids.get(id);
    if (twin !== undefined) problems.push(`columns ${JSON.stringify(twin)} and ${column} have the same field id ${id}`);
    else ids.set(id, path);
    if (id < 1 || id > MAX_FIELD_ID) problems.push(`column ${column} has field id ${id}, not 1 to ${MAX_FIELD_ID}`);
    // `a.b` may be a name, or `b` inside `a`: with both, a dotted name would be ambiguous.
    if (paths.has(path)) problems.push(`more than one column is called ${column}; rename one`);
    paths.add(path);
    if (minFormatVersion(type) > formatVersion) {
      problems.push(`column ${column} has type ${typeKind(type)}, which needs format version 3`);
    }
    if (type === 'unknown' && required) problems.push(`column ${column} of type unknown must be optional`);
  });
  visitStructs(schema, '', (field, path) => checkField(field, path, formatVersion, problems));
  checkIdentifiers(schema, schemaIndex(schema), problems);
  return problems;
}

function checkField(field: NestedField, path: string, formatVersion: number, problems: string[]): void {
  if (field.name === '') problems.push(`a column${path === '' ? '' : ` under ${JSON.stringify(path)}`} has no name`);
  if (!field.name.isWellFormed())
    problems.push(`the name of column ${JSON.stringify(field.name)} is not valid Unicode`);
  const initial = field['initial-default'] ?? null;
  const write = field['write-default'] ?? null;
  if (initial !== null && formatVersion < 3) {
    problems.push(`column ${JSON.stringify(field.name)} has an initial default, which needs format version 3`);
  }
  const mustBeNull = ['unknown', 'variant', 'geometry', 'geography'].includes(typeKind(field.type));
  if (mustBeNull && (initial !== null || write !== null)) {
    problems.push(`column ${JSON.stringify(field.name)} of type ${typeKind(field.type)} cannot have a default`);
  }
}

function visitStructs(type: Type, path: string, visit: (field: NestedField, path: string) => void): void {
  if (typeof type === 'string') return;
  if (type.type === 'struct') {
    for (const field of (type as StructType).fields) {
      visit(field, path);
      visitStructs(field.type, path === '' ? field.name : `${path}.${field.name}`, visit);
    }
  } else if (type.type === 'list') {
    visitStructs(type.element, `${path}.element`, visit);
  } else {
    visitStructs(type.key, `${path}.key`, visit);
    visitStructs(type.value, `${path}.value`, visit);
  }
}

function checkIdentifiers(schema: Schema, index: SchemaIndex, problems: string[]): void {
  for (const id of identifierFieldIds(schema)) {
    const field = index.byId.get(id);
    if (field === undefined) {
      problems.push(`identifier field ${id} does not exist`);
      continue;
    }
    const refuse = (why: string) => problems.push(`column ${JSON.stringify(field.path)} cannot identify rows: ${why}`);
    const kind = typeKind(field.type);
    if (typeof field.type !== 'string') refuse('it is not a primitive');
    else if (!field.required) refuse('it is optional');
    else if (kind === 'float' || kind === 'double') refuse(`it is a ${kind}`);
    else if (field.repeated) refuse('it lies inside a list or map');
    let parent = field.parentId === null ? undefined : index.byId.get(field.parentId);
    while (parent !== undefined && !field.repeated) {
      if (!parent.required) refuse(`it lies in the optional struct ${JSON.stringify(parent.path)}`);
      parent = parent.parentId === null ? undefined : index.byId.get(parent.parentId);
    }
  }
}
