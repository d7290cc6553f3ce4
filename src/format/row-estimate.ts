/** What a schema says of its rows before any is seen. */
import type { ArrowField, ArrowSchema, ArrowType } from '../engine/arrow-schema.ts';

/** Guess for text and binary. */
const TEXT_BYTES = 24;
/** Guess for the number of elements of a list or map, by how many of them it is in; deeper inside, one. */
const ELEMENTS = [4, 4];

/** Bytes of a typical row, on the scale of `Batch.byteLength`. */
export function estimateRowBytes(schema: ArrowSchema): number {
  return schema.fields.reduce((sum, field) => sum + typeBytes(field.type, 0), 0);
}

/** Bytes that any row has, on the same scale: of one whose texts, lists and maps are all empty. */
export function leastRowBytes(schema: ArrowSchema): number {
  return schema.fields.reduce((sum, field) => sum + leastTypeBytes(field.type), 0);
}

/** Columns that are stored by themselves. */
export function leafColumns(schema: ArrowSchema): number {
  return schema.fields.reduce((sum, field) => sum + leaves(field), 0);
}

/** `lists`: how many lists and maps the value is in. */
function typeBytes(type: ArrowType, lists: number): number {
  const elements = ELEMENTS[lists] ?? 1;
  switch (type.kind) {
    case 'bool':
      return 1;
    case 'int':
    case 'float':
    case 'decimal':
      return type.bitWidth / 8;
    case 'fixed_size_binary':
      return type.byteWidth;
    case 'utf8':
    case 'binary':
      return 4 + TEXT_BYTES;
    case 'list':
      return 4 + elements * typeBytes(type.element.type, lists + 1);
    case 'map':
      return 4 + elements * (typeBytes(type.key.type, lists + 1) + typeBytes(type.value.type, lists + 1));
    case 'struct':
      return type.fields.reduce((sum, field) => sum + typeBytes(field.type, lists), 0);
    default:
      return 8;
  }
}

function leastTypeBytes(type: ArrowType): number {
  switch (type.kind) {
    case 'utf8':
    case 'binary':
    case 'list':
    case 'map':
      return 4;
    case 'struct':
      return type.fields.reduce((sum, field) => sum + leastTypeBytes(field.type), 0);
    default:
      return typeBytes(type, 0);
  }
}

function leaves(field: ArrowField): number {
  const { type } = field;
  switch (type.kind) {
    case 'list':
      return leaves(type.element);
    case 'map':
      return leaves(type.key) + leaves(type.value);
    case 'struct':
      return type.fields.reduce((sum, child) => sum + leaves(child), 0);
    default:
      return 1;
  }
}
