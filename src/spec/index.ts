/** The table spec as pure data and functions: the part of it that other programs can use on their own. */
export { type ApplyOptions, applyUpdates } from './apply-updates.ts';
export { comparatorOf } from './compare.ts';
export type * from './data-file.ts';
export {
  dataFileLocation,
  dataFileName,
  dataFolder,
  manifestFileName,
  manifestListFileName,
  metadataFolder,
  newSnapshotId,
} from './locations.ts';
export { assignFirstRowIds, readManifestList, writeManifestList } from './manifest-list.ts';
export { readManifest } from './manifest-read.ts';
export { type ManifestWriteOptions, ManifestWriter, writeManifest, writeManifests } from './manifest-write.ts';
export { appendMetadataLog } from './metadata-log.ts';
export { type MetricsMode, metricsModes } from './metrics-modes.ts';
export { bindPartitionSpec, requireWritableSpec, UNPARTITIONED, UNSORTED } from './partition-bind.ts';
export { parsePartitioning, parseSorting } from './partition-parse.ts';
export { partitionPath } from './partition-path.ts';
export type * from './partition-spec.ts';
export { parseWriteProperties, requireWritableTable, type WriteProperties } from './properties.ts';
export type * from './requirements.ts';
export { checkRequirements } from './requirements-check.ts';
export type * from './schema.ts';
export { assignFreshIds } from './schema-fresh-ids.ts';
export { findFieldById, findFieldByName, requireField, schemaIndex } from './schema-index.ts';
export { schemaFromJson } from './schema-parse.ts';
export { validateSchema } from './schema-validate.ts';
export { singleValueFromBytes, singleValueToBytes } from './single-value.ts';
export { singleValueFromJson, singleValueToJson } from './single-value-json.ts';
export type * from './snapshot.ts';
export type * from './sort-order.ts';
export { SummaryBuilder } from './summary.ts';
export type * from './table-metadata.ts';
export { type NewTable, newTableMetadata } from './table-metadata-new.ts';
export {
  MAIN_BRANCH,
  MAX_FORMAT_VERSION,
  parseTableMetadata,
  stringifyTableMetadata,
  tableMetadataFromJson,
} from './table-metadata-parse.ts';
export { canApplyTransform, parseTransform, type Transform, transformResultType } from './transform.ts';
export { applyTransform } from './transform-apply.ts';
export { decimalType, parsePrimitive, typesEqual } from './type-parse.ts';
export { canPromote } from './type-promotion.ts';
export type * from './types.ts';
export type * from './updates.ts';
