/** Types without the layouts that files differ in. */
import type { ArrowField, ArrowType } from '../engine/arrow-schema.ts';

/** A type that the engine aligns to and that holds every value of `type`; layouts and field ids are left out. */
function canonicalType(type: ArrowType): ArrowType {
  switch (type.kind) {
    case 'dictionary':
    case 'run_end_encoded':
      return canonicalType(type.value);
    case 'int':
      if (!type.signed && type.bitWidth === 64) return { kind: 'decimal', bitWidth: 128, precision: 20, scale: 0 };
      return {
        kind: 'int',
        bitWidth: type.bitWidth === 64 || (!type.signed && type.bitWidth === 32) ? 64 : 32,
        signed: true,
      };
    case 'float':
      return { kind: 'float', bitWidth: type.bitWidth === 64 ? 64 : 32 };
    case 'decimal':
      return type.precision > 38 ? type : { ...type, bitWidth: 128 };
    case 'date':
      return { kind: 'date', unit: 'day' };
    case 'time':
      return { kind: 'time', unit: 'us' };
    case 'timestamp':
      return {
        kind: 'timestamp',
        unit: type.unit === 'ns' ? 'ns' : 'us',
        timezone: type.timezone === null ? null : 'UTC',
      };
    case 'utf8':
    case 'binary':
      return { kind: type.kind, layout: 'offset32' };
    case 'list':
    case 'fixed_size_list':
      return { kind: 'list', layout: 'offset32', element: canonicalField(type.element, 'element') };
    case 'map':
      return { kind: 'map', key: canonicalField(type.key, 'key'), value: canonicalField(type.value, 'value') };
    case 'struct':
      return { kind: 'struct', fields: type.fields.map((f) => canonicalField(f, f.name)) };
    default:
      return type;
  }
}

export function canonicalField(field: ArrowField, name: string = field.name): ArrowField {
  const { fieldId: _, ...rest } = field;
  return { ...rest, name, type: canonicalType(field.type) };
}
