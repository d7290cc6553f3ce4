/** Types of a spec's partition values, also for specs whose columns are gone (spec: Partitioning). */
import type { AvroValue } from '../avro/decode.ts';
import { bigEndian, decimalRequiredBytes } from './decimal.ts';
import { sourceIds } from './partition-fields.ts';
import type { PartitionField, PartitionSpec } from './partition-spec.ts';
import type { Schema } from './schema.ts';
import { schemaIndex } from './schema-index.ts';
import { parseTransform, transformResultType } from './transform.ts';
import { parsePrimitive } from './type-parse.ts';
import type { PrimitiveType, SingleValue } from './types.ts';

/** A field of the partition tuple. */
export interface PartitionFieldType {
  readonly fieldId: number;
  readonly name: string;
  /** `unknown` when no schema has the source column any more. */
  readonly type: PrimitiveType;
  readonly field: PartitionField;
}

/**
 * The tuple's type. A source column is looked up in the first of the schemas that has it, so give the current schema
 * first and the newest of the others next.
 */
export function partitionFieldTypes(spec: PartitionSpec, schemas: readonly Schema[]): PartitionFieldType[] {
  return spec.fields.map((field, index) => {
    const [id, ...others] = sourceIds(field);
    const sources = schemas.map((schema) => (id === undefined ? undefined : schemaIndex(schema).byId.get(id)?.type));
    const source = others.length > 0 ? undefined : sources.find((type) => typeof type === 'string');
    const transform = parseTransform(field.transform);
    const independent = ['bucket', 'year', 'month', 'day', 'hour'].includes(transform.kind);
    const type =
      typeof source === 'string'
        ? transformResultType(transform, source)
        : independent
          ? transformResultType(transform, 'long')
          : 'unknown';
    return { fieldId: field['field-id'] ?? 1000 + index, name: field.name, type, field };
  });
}

/** All schemas of a table, in the order that {@link partitionFieldTypes} wants. */
export function schemasNewestFirst(schemas: readonly Schema[], currentSchemaId: number): Schema[] {
  const rank = (schema: Schema) => (schema['schema-id'] === currentSchemaId ? Infinity : (schema['schema-id'] ?? 0));
  return [...schemas].sort((a, b) => rank(b) - rank(a));
}

/** The Avro schema of a partition value, without the null branch (spec: Appendix A, Avro). */
export function partitionAvroType(type: PrimitiveType): unknown {
  const info = parsePrimitive(type);
  switch (info.kind) {
    case 'boolean':
    case 'int':
    case 'long':
    case 'float':
    case 'double':
    case 'string':
      return info.kind;
    case 'date':
      return { type: 'int', logicalType: 'date' };
    case 'time':
      return { type: 'long', logicalType: 'time-micros' };
    case 'timestamp':
    case 'timestamptz':
      return { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': info.kind === 'timestamptz' };
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return { type: 'long', logicalType: 'timestamp-nanos', 'adjust-to-utc': info.kind === 'timestamptz_ns' };
    case 'uuid':
      return { type: 'fixed', name: 'uuid_fixed', size: 16, logicalType: 'uuid' };
    case 'fixed':
      return { type: 'fixed', name: `fixed_${info.length}`, size: info.length };
    case 'decimal': {
      const { precision, scale } = info;
      const size = decimalRequiredBytes(precision);
      return { type: 'fixed', name: `decimal_${precision}_${scale}`, size, logicalType: 'decimal', precision, scale };
    }
    case 'unknown':
      return 'null';
    default:
      return 'bytes';
  }
}

/** A partition value as Avro takes it. */
export function partitionValueToAvro(type: PrimitiveType, value: SingleValue | null): AvroValue {
  if (value === null) return null;
  const info = parsePrimitive(type);
  if (info.kind === 'unknown') return null;
  return info.kind === 'decimal' ? bigEndian(value as bigint, decimalRequiredBytes(info.precision)) : value;
}
