/** A Parquet file's footer as the manifest entry's data file (spec: Manifests). */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import type { ParquetFooter } from '../engine/footer.ts';
import type { DataFile } from '../spec/data-file.ts';
import { metricsModes } from '../spec/metrics-modes.ts';
import type { PartitionSpec, PartitionTuple } from '../spec/partition-spec.ts';
import type { Schema } from '../spec/schema.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import { fileLeaves } from './file-leaves.ts';
import { footerMetrics } from './footer-metrics.ts';

export interface DataFileRequest {
  readonly footer: ParquetFooter;
  /** The file's own schema with the table's field ids (`withMappedIds`), for files that were not written here. */
  readonly fileSchema?: ArrowSchema;
  /** Full URI. */
  readonly location: string;
  /** As stored. */
  readonly sizeBytes: number;
  /** The table's schema. */
  readonly schema: Schema;
  readonly spec: PartitionSpec;
  readonly partition: PartitionTuple;
  /** Says which metrics are kept: `write.metadata.metrics.*`, and the default sort order. */
  readonly metadata: Pick<TableMetadata, 'properties' | 'sort-orders' | 'default-sort-order-id'>;
  /** When the file's rows are sorted by an order of the table. */
  readonly sortOrderId?: number;
}

/** What is not known (a null count that the footer does not state, a bound of another kind of value) is left out. */
export function dataFileFromFooter(request: DataFileRequest): DataFile {
  const { footer, fileSchema, location, sizeBytes, schema, spec, partition, metadata, sortOrderId } = request;
  const sortOrder = metadata['sort-orders'].find((order) => order['order-id'] === metadata['default-sort-order-id']);
  const modes = metricsModes(metadata.properties ?? {}, schema, sortOrder);
  const offsets = splitOffsets(footer);
  return {
    content: 'data',
    filePath: location,
    fileFormat: 'parquet',
    specId: spec['spec-id'] ?? 0,
    partition,
    recordCount: BigInt(footer.numRows),
    fileSizeInBytes: BigInt(sizeBytes),
    ...footerMetrics(fileLeaves(footer.leaves, fileSchema), schema, modes),
    ...(offsets === null ? {} : { splitOffsets: offsets }),
    ...(sortOrderId === undefined ? {} : { sortOrderId }),
  };
}

/** First pages of the row groups; null where they do not ascend, and could not be split at. */
function splitOffsets(footer: ParquetFooter): bigint[] | null {
  const offsets = footer.rowGroups.map((group) => BigInt(group.startOffset));
  const ascending = offsets.every((offset, i) => i === 0 || offset > (offsets[i - 1] ?? 0n));
  return offsets.length > 0 && ascending ? offsets : null;
}
