/** What a schema says of its rows before any is seen. */
import type { ArrowField, ArrowSchema, ArrowType } from '../engine/arrow-schema.ts';

/** Guess for text and binary, and for the number of elements of a list or map. */
const TEXT_BYTES = 24;
const ELEMENTS = 4;

/** Bytes of a typical row, on the scale of `Batch.byteLength`. */
export function estimateRowBytes(schema: ArrowSchema): number {
  return schema.fields.reduce((sum, field) => sum + typeBytes(field.type), 0);
}

/** Columns that are stored by themselves. */
export function leafColumns(schema: ArrowSchema): number {
  return schema.fields.reduce((sum, field) => sum + leaves(field), 0);
}

function typeBytes(type: ArrowType): number {
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
      return 4 + ELEMENTS * typeBytes(type.element.type);
    case 'map':
      return 4 + ELEMENTS * (typeBytes(type.key.type) + typeBytes(type.value.type));
    case 'struct':
      return type.fields.reduce((sum, field) => sum + typeBytes(field.type), 0);
    default:
      return 8;
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
