//! The Arrow schema that a Parquet file is read as.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, TimeUnit};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::Type;
use parquet::file::metadata::ParquetMetaData;

use super::metadata::corrupt;
use crate::error::Result;

/// As pyarrow does, the schema that an Arrow writer left in the file (`ARROW:schema`) refines the types; one that
/// does not fit the file is passed over. INT96 timestamps become microseconds: nanoseconds would wrap after 2262.
pub fn arrow_metadata(metadata: &Arc<ParquetMetaData>) -> Result<ArrowReaderMetadata> {
    let plain = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let read = ArrowReaderMetadata::try_new(metadata.clone(), ArrowReaderOptions::new())
        .or_else(|_| ArrowReaderMetadata::try_new(metadata.clone(), plain.clone()))
        .map_err(corrupt)?;
    let leaves = metadata.file_metadata().schema_descr().columns();
    if !leaves.iter().any(|leaf| leaf.physical_type() == Type::INT96) {
        return Ok(read);
    }
    let int96: Vec<bool> = leaves.iter().map(|leaf| leaf.physical_type() == Type::INT96).collect();
    let mut at = 0;
    let fields = read.schema().fields().iter().map(|field| in_micros(field, &int96, &mut at)).collect::<Fields>();
    if at != int96.len() {
        return Ok(read);
    }
    let schema = Arc::new(Schema::new(fields));
    ArrowReaderMetadata::try_new(metadata.clone(), plain.with_schema(schema)).map_err(corrupt)
}

/// Walks the leaves in the file's order.
fn in_micros(field: &FieldRef, int96: &[bool], at: &mut usize) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|f| in_micros(f, int96, at)).collect()),
        DataType::List(element) => DataType::List(in_micros(element, int96, at)),
        DataType::LargeList(element) => DataType::LargeList(in_micros(element, int96, at)),
        DataType::FixedSizeList(element, length) => DataType::FixedSizeList(in_micros(element, int96, at), *length),
        DataType::Map(entries, sorted) => DataType::Map(in_micros(entries, int96, at), *sorted),
        leaf => {
            let old = int96.get(*at).copied().unwrap_or(false);
            *at += 1;
            match leaf {
                DataType::Timestamp(_, zone) if old => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
                other => other.clone(),
            }
        }
    };
    Arc::new(Field::clone(field).with_data_type(data_type))
}
