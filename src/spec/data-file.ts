/** Data files, manifest entries and manifest files in memory (spec: Manifests, Manifest Lists). */
import type { PartitionTuple } from './partition-spec.ts';

export type DataFileContent = 'data' | 'position-deletes' | 'equality-deletes';

/** A row of a manifest: one file and what is known of it. Maps are keyed by field id; bounds are Appendix D bytes. */
export interface DataFile {
  readonly content: DataFileContent;
  /** Full URI. */
  readonly filePath: string;
  /** Lower case: `parquet`, `avro`, `orc`, `puffin`. */
  readonly fileFormat: string;
  /** The spec the tuple belongs to: manifests hold files of one spec. */
  readonly specId: number;
  readonly partition: PartitionTuple;
  readonly recordCount: bigint;
  readonly fileSizeInBytes: bigint;
  readonly columnSizes?: ReadonlyMap<number, bigint>;
  readonly valueCounts?: ReadonlyMap<number, bigint>;
  readonly nullValueCounts?: ReadonlyMap<number, bigint>;
  readonly nanValueCounts?: ReadonlyMap<number, bigint>;
  readonly lowerBounds?: ReadonlyMap<number, Uint8Array>;
  readonly upperBounds?: ReadonlyMap<number, Uint8Array>;
  readonly keyMetadata?: Uint8Array;
  /** Ascending offsets of row groups. */
  readonly splitOffsets?: readonly bigint[];
  readonly equalityIds?: readonly number[];
  readonly sortOrderId?: number;
  /** v3. */
  readonly firstRowId?: bigint;
  readonly referencedDataFile?: string;
  readonly contentOffset?: bigint;
  readonly contentSizeInBytes?: bigint;
}

export type ManifestEntryStatus = 'existing' | 'added' | 'deleted';

export interface ManifestEntry {
  readonly status: ManifestEntryStatus;
  /** Null: inherited from the manifest list. */
  readonly snapshotId: bigint | null;
  readonly sequenceNumber: bigint | null;
  readonly fileSequenceNumber: bigint | null;
  readonly dataFile: DataFile;
}

export interface FieldSummary {
  readonly containsNull: boolean;
  readonly containsNan?: boolean;
  readonly lowerBound?: Uint8Array;
  readonly upperBound?: Uint8Array;
}

/** A row of the manifest list. */
export interface ManifestFile {
  readonly manifestPath: string;
  readonly manifestLength: bigint;
  readonly partitionSpecId: number;
  readonly content: 'data' | 'deletes';
  readonly sequenceNumber: bigint;
  readonly minSequenceNumber: bigint;
  readonly addedSnapshotId: bigint;
  /** Undefined in some v1 lists: unknown. */
  readonly addedFilesCount?: number;
  readonly existingFilesCount?: number;
  readonly deletedFilesCount?: number;
  readonly addedRowsCount?: bigint;
  readonly existingRowsCount?: bigint;
  readonly deletedRowsCount?: bigint;
  readonly partitions?: readonly FieldSummary[];
  readonly keyMetadata?: Uint8Array;
  /** v3; absent for delete manifests. */
  readonly firstRowId?: bigint;
}
