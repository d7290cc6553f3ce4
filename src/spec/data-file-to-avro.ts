/** Data files and manifest entries as Avro records. */
import type { AvroValue } from '../avro/decode.ts';
import type { DataFile, ManifestEntry } from './data-file.ts';
import { CONTENTS, DATA_FILE_FIELDS, fieldsOf, PARTITION_POSITION, STATUSES } from './manifest-schema.ts';
import { type PartitionFieldType, partitionValueToAvro } from './partition-types.ts';

type FieldName = (typeof DATA_FILE_FIELDS)[number]['name'];

/** An entry as the record that `manifestEntrySchema` describes. */
export function entryToAvro(
  entry: ManifestEntry,
  formatVersion: 2 | 3,
  partition: readonly PartitionFieldType[],
): AvroValue {
  const { dataFile } = entry;
  const values = fieldsOf(DATA_FILE_FIELDS, formatVersion).map(({ name }) => storedValue(dataFile, name));
  values.splice(
    PARTITION_POSITION,
    0,
    partition.map(({ type }, index) => partitionValueToAvro(type, dataFile.partition[index] ?? null)),
  );
  return [STATUSES.indexOf(entry.status), entry.snapshotId, entry.sequenceNumber, entry.fileSequenceNumber, values];
}

function storedValue(file: DataFile, name: FieldName): AvroValue {
  switch (name) {
    case 'content':
      return CONTENTS.indexOf(file.content);
    case 'file_path':
      return file.filePath;
    case 'file_format':
      // As Java and PyIceberg write it; readers compare in any case.
      return file.fileFormat.toUpperCase();
    case 'record_count':
      return file.recordCount;
    case 'file_size_in_bytes':
      return file.fileSizeInBytes;
    case 'column_sizes':
      return pairs(file.columnSizes);
    case 'value_counts':
      return pairs(file.valueCounts);
    case 'null_value_counts':
      return pairs(file.nullValueCounts);
    case 'nan_value_counts':
      return pairs(file.nanValueCounts);
    case 'lower_bounds':
      return pairs(file.lowerBounds);
    case 'upper_bounds':
      return pairs(file.upperBounds);
    case 'key_metadata':
      return file.keyMetadata;
    case 'split_offsets':
      return file.splitOffsets;
    case 'equality_ids':
      return file.equalityIds;
    case 'sort_order_id':
      return file.sortOrderId;
    case 'first_row_id':
      return file.content === 'data' ? file.firstRowId : null;
    case 'referenced_data_file':
      return file.referencedDataFile;
    case 'content_offset':
      return file.contentOffset;
    case 'content_size_in_bytes':
      return file.contentSizeInBytes;
  }
}

function pairs(map: ReadonlyMap<number, AvroValue> | undefined): AvroValue {
  return map === undefined ? null : [...map];
}
