/** Partition tuples between the engine's bytes and the spec's values; imported for partitioned tables. */
import type { PartitionTransform } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import type { DataFile } from '../spec/data-file.ts';
import { bindPartitionSpec } from '../spec/partition-bind.ts';
import { sourceIds } from '../spec/partition-fields.ts';
import { partitionPath } from '../spec/partition-path.ts';
import type { PartitionSpec, PartitionTuple } from '../spec/partition-spec.ts';
import type { Schema } from '../spec/schema.ts';
import { singleValueFromBytes } from '../spec/single-value.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import { currentSchema } from '../spec/table-parts.ts';

/** What the engine groups rows by. */
export function partitionTransforms(spec: PartitionSpec): PartitionTransform[] {
  return spec.fields.map((field) => {
    const [sourceId] = sourceIds(field);
    if (sourceId === undefined) {
      throw new IcestreamError('INVALID_METADATA', `partition field ${JSON.stringify(field.name)} names no column`);
    }
    return { sourceId, transform: field.transform };
  });
}

/** Turns the engine's values (Appendix D bytes of the result types) into tuples of one spec. */
export function tupleReader(
  spec: PartitionSpec,
  schema: Schema,
): (values: readonly (Uint8Array | null)[]) => PartitionTuple {
  const bound = bindPartitionSpec(spec, schema);
  return (values) =>
    bound.map(({ field, resultType }, index) => {
      const bytes = values[index] ?? null;
      if (bytes === null) return null;
      const value = singleValueFromBytes(resultType, bytes);
      if (value !== null) return value;
      throw new IcestreamError(
        'ENGINE_FAILED',
        `the engine gave ${bytes.length} bytes as the ${resultType} of partition field ${JSON.stringify(field.name)}`,
      );
    });
}

/** Partition tuples of one spec as paths (`day=2026-11-01`). */
export function pathReader(spec: PartitionSpec, schema: Schema): (tuple: PartitionTuple) => string {
  const bound = bindPartitionSpec(spec, schema);
  return (tuple) => partitionPath(bound, tuple);
}

/** The partition of a file as a path (`day=2026-11-01`), with its spec where that is not the table's default. */
export function partitionKey(metadata: TableMetadata, file: DataFile): string {
  const spec = metadata['partition-specs'].find((one) => one['spec-id'] === file.specId);
  if (spec === undefined || spec.fields.length === 0) return '';
  const path = partitionPath(bindPartitionSpec(spec, currentSchema(metadata)), file.partition);
  return file.specId === metadata['default-spec-id'] ? path : `spec-${file.specId}/${path}`;
}
