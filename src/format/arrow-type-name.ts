/** Arrow types as people write them, for messages. */
import type { ArrowType } from '../engine/arrow-schema.ts';

/** `int32`, `timestamp[us, UTC]`, `list<utf8>`, … */
export function arrowTypeName(type: ArrowType): string {
  switch (type.kind) {
    case 'int':
      return `${type.signed ? 'int' : 'uint'}${type.bitWidth}`;
    case 'float':
      return `float${type.bitWidth}`;
    case 'decimal':
      return `decimal(${type.precision}, ${type.scale})`;
    case 'date':
      return type.unit === 'day' ? 'date' : 'date64';
    case 'time':
    case 'duration':
      return `${type.kind}[${type.unit}]`;
    case 'timestamp':
      return type.timezone === null ? `timestamp[${type.unit}]` : `timestamp[${type.unit}, ${type.timezone}]`;
    case 'fixed_size_binary':
      return `fixed_size_binary(${type.byteWidth})`;
    case 'list':
    case 'fixed_size_list':
      return `list<${arrowTypeName(type.element.type)}>`;
    case 'struct':
      return `struct<${type.fields.map((f) => `${f.name}: ${arrowTypeName(f.type)}`).join(', ')}>`;
    case 'map':
      return `map<${arrowTypeName(type.key.type)}, ${arrowTypeName(type.value.type)}>`;
    case 'dictionary':
    case 'run_end_encoded':
      return arrowTypeName(type.value);
    default:
      return type.kind;
  }
}
