/** A data file's row of a manifest, from its footer. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import type { ParquetFooter } from '../engine/footer.ts';
import type { DataFile } from '../spec/data-file.ts';
import type { PartitionSpec, PartitionTuple } from '../spec/partition-spec.ts';
import type { Schema } from '../spec/schema.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';

export interface DataFileRequest {
  readonly footer: ParquetFooter;
  /** The file's schema with the table's field ids, for a file of another writer. */
  readonly fileSchema?: ArrowSchema;
  readonly location: string;
  readonly sizeBytes: number;
  readonly schema: Schema;
  readonly spec: PartitionSpec;
  readonly partition: PartitionTuple;
  readonly metadata: TableMetadata;
}

export function dataFileFromFooter({ footer, location, sizeBytes, spec, partition }: DataFileRequest): DataFile {
  return {
    content: 'data',
    filePath: location,
    fileFormat: 'parquet',
    specId: spec['spec-id'] ?? 0,
    partition,
    recordCount: BigInt(footer.numRows),
    fileSizeInBytes: BigInt(sizeBytes),
    splitOffsets: footer.rowGroups.map((group) => BigInt(group.startOffset)),
    sortOrderId: 0,
  };
}
