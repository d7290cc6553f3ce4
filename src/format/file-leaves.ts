/** Leaf columns of a Parquet file against a table schema: which field each is, and its type in the file. */
import type { ArrowField, ArrowSchema, ArrowType } from '../engine/arrow-schema.ts';
import type { LeafFacts } from '../engine/footer.ts';

export interface FileLeaf {
  readonly facts: LeafFacts;
  /** Null: the file's column is none of the table's. */
  readonly fieldId: number | null;
  /** Undefined where the file's schema was not given (the file is our own). */
  readonly fileType?: ArrowType;
}

/** Whether a file carries field ids: then they alone count, else names do. */
export function hasFieldIds(schema: ArrowSchema): boolean {
  const some = (fields: readonly ArrowField[]): boolean =>
    fields.some((field) => field.fieldId !== undefined || some(arrowChildren(field.type)));
  return some(schema.fields);
}

/** Fields of a nested type: a struct's, a list's element, a map's key and value. */
export function arrowChildren(type: ArrowType): readonly ArrowField[] {
  switch (type.kind) {
    case 'struct':
      return type.fields;
    case 'list':
    case 'fixed_size_list':
      return [type.element];
    case 'map':
      return [type.key, type.value];
    case 'dictionary':
    case 'run_end_encoded':
      return arrowChildren(type.value);
    default:
      return [];
  }
}

/** Facts and types of a file's leaves, which a footer and a schema list in one order. */
export function fileLeaves(leaves: readonly LeafFacts[], schema?: ArrowSchema): FileLeaf[] {
  if (schema === undefined) return leaves.map((facts) => ({ facts, fieldId: facts.fieldId ?? null }));
  const fields: ArrowField[] = [];
  const walk = (field: ArrowField): void => {
    const children = arrowChildren(field.type);
    if (children.length === 0) fields.push(field);
    for (const child of children) walk(child);
  };
  for (const field of schema.fields) walk(field);
  return leaves.map((facts, i) => {
    const field = leaves.length === fields.length ? fields[i] : undefined;
    // A schema that does not list the footer's leaves says nothing of them.
    return field === undefined
      ? { facts, fieldId: null }
      : { facts, fieldId: field.fieldId ?? null, fileType: plain(field.type) };
  });
}

function plain(type: ArrowType): ArrowType {
  return type.kind === 'dictionary' || type.kind === 'run_end_encoded' ? plain(type.value) : type;
}
