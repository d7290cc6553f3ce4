/**
 * icestream: streams data into Apache Iceberg tables from wherever JavaScript runs, in constant memory.
 *
 * Stores are entries of their own: `icestream/storage/s3`, `icestream/storage/r2`, `icestream/storage/local`,
 * `icestream/storage/opfs`, `icestream/storage/memory`; apps for servers: `icestream/server`; `icestream/arrow`
 * takes apache-arrow tables and batches, and gives those of a scan.
 */

export type {
  AuthContext,
  Catalog,
  CatalogCallOptions,
  CommitAnswer,
  CommitRequest,
  CreateTableRequest,
  LoadedTable,
  Namespace,
  RestAuth,
  RestCatalogOptions,
  StoreCatalogOptions,
  TableIdentifier,
} from './catalog/index.ts';
export {
  authFromProperties,
  bearer,
  formatIdentifier,
  formatNamespace,
  noAuth,
  oauth2,
  parseIdentifier,
  parseNamespace,
  restOptionsFromProperties,
  sigv4,
} from './catalog/index.ts';
export type { ArrowField, ArrowSchema, ArrowType, TimeUnit } from './engine/arrow-schema.ts';
export type { BareHead } from './engine/bare-head.ts';
export { type GetEngineOptions, getEngine, init, newEngine } from './engine/default-engine.ts';
export { type StartEncodeThreadsOptions, startEncodeThreads } from './engine/encode-threads.ts';
export type { Codec, ColumnOptions, EncodedFile, EncodedPart, Encoder, EncoderOptions } from './engine/encoder.ts';
export type {
  AlignConstant,
  Aligner,
  AlignOptions,
  BareReader,
  Batch,
  Checksum,
  Clustered,
  ClusteredRows,
  ClusterOptions,
  CsvDialect,
  CsvInference,
  CsvReaderOptions,
  Decompressor,
  Engine,
  IpcReader,
  JsonInference,
  JsonReaderOptions,
  ParquetReader,
  Partitioned,
  PartitionSlice,
  PartitionTransform,
  RangeReader,
  RowGroupRows,
  TextReader,
} from './engine/engine.ts';
export type {
  ColumnIndex,
  LeafFacts,
  LeafPageIndex,
  PageFacts,
  PageLocation,
  ParquetFooter,
  RowGroupFacts,
} from './engine/footer.ts';
export type { EncodeThreads } from './engine/threads/threads.ts';
export {
  CommitHistoryExpiredError,
  CommitStateUnknownError,
  type ErrorCode,
  type ErrorPlace,
  IcestreamError,
} from './errors.ts';
export type { FileInfo } from './scan/inspect-files.ts';
export type { Row, RowValue } from './scan/ipc-rows.ts';
export { ScanBatch } from './scan/scan-batch.ts';
export type { ReadOptions, ScanOptions, ScanProgress } from './scan/scan-options.ts';
export type { ScanTask, TaskPartitionValue } from './scan/scan-task.ts';
export { TableScan } from './scan/table-scan.ts';
export { type FromAnyOptions, fromAny, type SourceInput } from './source/from-any.ts';
export type { RejectedRow } from './source/rejects.ts';
export type { OpenSource, OpenSourceOptions, RecordBatchSource } from './source/source.ts';
export type { DataFile, ManifestEntry, ManifestFile } from './spec/data-file.ts';
export { parsePartitioning, parseSorting } from './spec/partition-parse.ts';
export type { PartitionField, PartitionSpec, PartitionTuple } from './spec/partition-spec.ts';
export type { Schema } from './spec/schema.ts';
export type { Snapshot, SnapshotRef } from './spec/snapshot.ts';
export type { SortField, SortOrder } from './spec/sort-order.ts';
export type { TableMetadata } from './spec/table-metadata.ts';
export type { NestedField, NestedType, PrimitiveType, SingleValue, StructType, Type } from './spec/types.ts';
export type { ObjectStat, Store, StoreCapabilities, Upload, UploadResult } from './storage/store.ts';
export type { ColumnInfo, HistoryEntry, SnapshotInfo } from './table/inspect.ts';
export { RestCatalog } from './table/rest-catalog.ts';
export { StoreCatalog } from './table/store-catalog.ts';
export { Table } from './table/table.ts';
export { type NamespaceName, TableCatalog, type TableName } from './table/table-catalog.ts';
export { MemoryBudget, MemoryLease } from './util/memory-budget.ts';
export { uuidV7 } from './util/uuid.ts';
export { defaultWorld, type World } from './util/world.ts';
export type { AddFilesOptions, FileToAdd } from './write/add-files/add-files.ts';
export type { NewTableRequest } from './write/create-append.ts';
export type {
  DistributionMode,
  SpillPlace,
  WriteOptions,
  WriteProgress,
  WriteResult,
  WriterPosition,
} from './write/write-options.ts';
