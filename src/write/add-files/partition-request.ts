/** A partitioning as callers give it: a spec, or text for each field. */
import { parsePartitioning } from '../../spec/partition-parse.ts';
import type { PartitionSpec } from '../../spec/partition-spec.ts';
import type { Schema } from '../../spec/schema.ts';

/** `['month(ordered_at)', 'bucket(16, id)']`, or a spec whose source ids are the schema's. */
export type PartitionRequest = PartitionSpec | readonly string[];

/**
 * @throws IcestreamError INVALID_ARGUMENT naming the term, and the column or transform that is wrong; TypeError for what
 * is neither.
 */
export function partitionSpecOf(request: PartitionRequest, schema: Schema): PartitionSpec {
  if (typeof request !== 'object') {
    const text = JSON.stringify(request);
    throw new TypeError(`partitionSpec must be a list, as [${text}], or a spec, not ${text}`);
  }
  return 'fields' in request ? request : parsePartitioning(request, schema);
}
