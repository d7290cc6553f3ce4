/** What fields of partition specs and sort orders say by themselves, without a schema. */
import { IcestreamError } from '../errors.ts';
import type { PartitionField, PartitionSpec } from './partition-spec.ts';
import type { SortField } from './sort-order.ts';
import { parseTransform } from './transform.ts';

/** Source columns of a partition or sort field: one, or several for transforms with several arguments (v3). */
export function sourceIds(field: PartitionField | SortField): readonly number[] {
  const id = field['source-id'];
  return field['source-ids'] ?? (id === undefined ? [] : [id]);
}

/**
 * Refuses a spec that this library could read but must not write with (unknown transforms).
 * @throws IcestreamError UNSUPPORTED
 */
export function requireWritableSpec(spec: PartitionSpec): void {
  for (const field of spec.fields) {
    if (parseTransform(field.transform).kind === 'unknown' || sourceIds(field).length !== 1) {
      throw new IcestreamError(
        'UNSUPPORTED',
        `The table is partitioned by ${JSON.stringify(field.transform)}, which this version cannot write.`,
      );
    }
  }
}
