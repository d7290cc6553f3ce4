/** Partition specs (spec: Partitioning, Appendix C). */
import type { SingleValue } from './types.ts';

export interface PartitionField {
  /** v3 multi-argument transforms carry `source-ids` instead. */
  readonly 'source-id'?: number;
  readonly 'source-ids'?: readonly number[];
  readonly 'field-id'?: number;
  readonly name: string;
  /** `identity`, `bucket[16]`, `truncate[4]`, `year`, `month`, `day`, `hour`, `void`, or one this version does not know. */
  readonly transform: string;
}

export interface PartitionSpec {
  readonly 'spec-id'?: number;
  readonly fields: readonly PartitionField[];
}

/** One value per field of the spec, in spec order. */
export type PartitionTuple = readonly (SingleValue | null)[];
