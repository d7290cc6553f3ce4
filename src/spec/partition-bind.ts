/** Partition specs and sort orders against a schema (spec: Partitioning). */
import { IcestreamError } from '../errors.ts';
import { sourceIds } from './partition-fields.ts';
import type { PartitionField, PartitionSpec } from './partition-spec.ts';
import { type IndexedField, schemaIndex } from './schema-index.ts';
import type { SortField, SortOrder } from './sort-order.ts';
import { canApplyTransform, parseTransform, transformResultType } from './transform.ts';
import type { PrimitiveType, StructType } from './types.ts';

/** What a partition field reads and gives. */
export interface BoundPartitionField {
  readonly field: PartitionField;
  readonly source: IndexedField;
  readonly resultType: PrimitiveType;
}

/**
 * Finds the source columns of a spec in a schema.
 * @throws IcestreamError INVALID_METADATA when a column is missing or its type does not fit; UNSUPPORTED for a
 * transform with several arguments.
 */
export function bindPartitionSpec(spec: PartitionSpec, schema: StructType): BoundPartitionField[] {
  return spec.fields.map((field) => {
    const source = bindSource(field, schema, `partition field ${JSON.stringify(field.name)}`);
    const transform = parseTransform(field.transform);
    return { field, source, resultType: transformResultType(transform, source.type as PrimitiveType) };
  });
}

/** Checks that a sort order fits the schema. */
export function checkSortOrder(order: SortOrder, schema: StructType): void {
  order.fields.forEach((field, index) => {
    bindSource(field, schema, `sort field ${index}`);
  });
}

function bindSource(field: PartitionField | SortField, schema: StructType, what: string): IndexedField {
  const [id, ...others] = sourceIds(field);
  if (id === undefined || others.length > 0) {
    throw new IcestreamError(
      'UNSUPPORTED',
      `The ${what} has a transform of several columns, which cannot be used yet.`,
    );
  }
  const source = schemaIndex(schema).byId.get(id);
  if (source === undefined) {
    throw new IcestreamError('INVALID_METADATA', `The ${what} refers to field id ${id}, which the schema lacks.`);
  }
  if (source.repeated || !canApplyTransform(parseTransform(field.transform), source.type)) {
    throw new IcestreamError(
      'INVALID_METADATA',
      `The ${what} cannot apply ${field.transform} to column ${JSON.stringify(source.path)}.`,
      { column: source.path },
    );
  }
  return source;
}
