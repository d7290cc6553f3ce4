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
/// Dictionaries become their values: the parquet crate packs them anew, not of every type, and a row group can have
/// more values than the writer's keys count.
pub fn arrow_metadata(metadata: &Arc<ParquetMetaData>) -> Result<ArrowReaderMetadata> {
    let plain = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let read = ArrowReaderMetadata::try_new(metadata.clone(), ArrowReaderOptions::new())
        .or_else(|_| ArrowReaderMetadata::try_new(metadata.clone(), plain.clone()))
        .map_err(corrupt)?;
    let leaves = metadata.file_metadata().schema_descr().columns();
    let int96: Vec<bool> = leaves.iter().map(|leaf| leaf.physical_type() == Type::INT96).collect();
    let mut at = 0;
    let fields = read.schema().fields().iter().map(|field| as_read(field, &int96, &mut at)).collect::<Fields>();
    if at != int96.len() || &fields == read.schema().fields() {
        return Ok(read);
    }
    let schema = Arc::new(Schema::new(fields));
    ArrowReaderMetadata::try_new(metadata.clone(), plain.with_schema(schema)).map_err(corrupt)
}

/// Walks the leaves in the file's order.
fn as_read(field: &FieldRef, int96: &[bool], at: &mut usize) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|f| as_read(f, int96, at)).collect()),
        DataType::List(element) => DataType::List(as_read(element, int96, at)),
        DataType::LargeList(element) => DataType::LargeList(as_read(element, int96, at)),
        DataType::ListView(element) => DataType::ListView(as_read(element, int96, at)),
        DataType::LargeListView(element) => DataType::LargeListView(as_read(element, int96, at)),
        DataType::FixedSizeList(element, length) => DataType::FixedSizeList(as_read(element, int96, at), *length),
        DataType::Map(entries, sorted) => DataType::Map(as_read(entries, int96, at), *sorted),
        leaf => {
            let old = int96.get(*at).copied().unwrap_or(false);
            *at += 1;
            let values = match leaf {
                DataType::Dictionary(_, values) => values,
                other => other,
            };
            match values {
                DataType::Timestamp(_, zone) if old => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
                other => other.clone(),
            }
        }
    };
    Arc::new(Field::clone(field).with_data_type(data_type))
}

#[cfg(test)]
mod tests {
    use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int64Type, UInt8Type};
    use arrow_array::{
        ArrayRef, BinaryArray, BooleanArray, FixedSizeBinaryArray, PrimitiveArray, RecordBatch, StringArray,
        StructArray,
    };
    use bytes::Bytes;
    use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
    use parquet::arrow::{ARROW_SCHEMA_META_KEY, encode_arrow_schema};
    use parquet::file::metadata::KeyValue;
    use parquet::file::properties::WriterProperties;

    use super::super::group_tests::read;
    use super::super::reader::ReadRequest;
    use super::*;

    /// A file of these values whose `ARROW:schema` says that they were dictionaries, as Arrow writers write those.
    fn of_dictionaries(batch: &RecordBatch) -> Bytes {
        let schema = Schema::new(batch.schema().fields().iter().map(in_dictionary).collect::<Fields>());
        let said = KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), encode_arrow_schema(&schema));
        let properties = WriterProperties::builder().set_key_value_metadata(Some(vec![said])).build();
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let mut out = Vec::new();
        let mut writer = ArrowWriter::try_new_with_options(&mut out, batch.schema(), options).unwrap();
        writer.write(batch).unwrap();
        writer.close().unwrap();
        out.into()
    }

    fn in_dictionary(field: &FieldRef) -> FieldRef {
        let data_type = match field.data_type() {
            DataType::Struct(fields) => DataType::Struct(fields.iter().map(in_dictionary).collect()),
            values => DataType::Dictionary(Box::new(DataType::Int8), Box::new(values.clone())),
        };
        Arc::new(Field::clone(field).with_data_type(data_type))
    }

    #[test]
    fn dictionaries_of_every_type_are_read_as_their_values() {
        let rows = 1000i64;
        let some = |i: &i64| i % 7 != 0;
        let texts: StringArray = (0..rows).map(|i| some(&i).then(|| format!("text {i}"))).collect();
        let binary: BinaryArray = (0..rows).map(|i| some(&i).then(|| i.to_le_bytes())).collect();
        let fixed = FixedSizeBinaryArray::try_from_sparse_iter_with_size(
            (0..rows).map(|i| some(&i).then(|| i.to_le_bytes())),
            8,
        );
        let decimals: PrimitiveArray<Decimal128Type> =
            (0..rows).map(|i| some(&i).then_some(i128::from(i) << 80)).collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(texts),
            Arc::new(binary),
            Arc::new(fixed.unwrap()),
            Arc::new(decimals.with_precision_and_scale(38, 3).unwrap()),
            Arc::new((0..rows).map(|i| some(&i).then_some(i % 3 == 0)).collect::<BooleanArray>()),
            Arc::new((0..rows).map(|i| some(&i).then_some(i as u8)).collect::<PrimitiveArray<UInt8Type>>()),
            Arc::new((0..rows).map(|i| some(&i).then_some(i as i32)).collect::<PrimitiveArray<Date32Type>>()),
            Arc::new((0..rows).map(|i| some(&i).then_some(i)).collect::<PrimitiveArray<Int64Type>>()),
            Arc::new((0..rows).map(|i| some(&i).then_some(i as f64)).collect::<PrimitiveArray<Float64Type>>()),
        ];
        let named = columns.into_iter().enumerate().map(|(i, column)| (format!("c{i}"), column));
        let flat = RecordBatch::try_from_iter_with_nullable(named.map(|(name, column)| (name, column, true))).unwrap();
        let nested: ArrayRef = Arc::new(StructArray::from(flat.clone()));
        let nested = RecordBatch::try_from_iter_with_nullable([("nested", nested, true)]).unwrap();
        for batch in [flat, nested] {
            let found = read(&of_dictionaries(&batch), ReadRequest::default()).unwrap();
            assert_eq!(found.batches, [batch]);
        }
    }
}
