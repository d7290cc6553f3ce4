//! The Arrow schema that a Parquet file is read as.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, TimeUnit};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::Type;
use parquet::file::metadata::ParquetMetaData;

use super::maps::have_entries;
use super::metadata::corrupt;
use crate::error::{EngineError, Result, parquet_text};

/// As pyarrow does, the schema that an Arrow writer left in the file (`ARROW:schema`) refines the types; one that
/// does not fit the file is passed over, and so is what it says of a decimal or of nanoseconds: a scale or a unit that is
/// not the file's would make other values of them. INT96 timestamps become microseconds: nanoseconds would wrap after 2262.
/// Dictionaries become their values: the parquet crate packs them anew, not of every type, and a row group can have
/// more values than the writer's keys count. Lists of a fixed size become lists: what is no list of that size would be
/// filled up with nulls.
pub fn arrow_metadata(metadata: &Arc<ParquetMetaData>) -> Result<ArrowReaderMetadata> {
    let root = metadata.file_metadata().schema_descr().root_schema();
    if let Some(field) = root.get_fields().iter().find(|field| !have_entries(field)) {
        let name = field.name();
        return Err(EngineError::corrupt(format!("column {name}: the entries of a map are no group")).at_column(name));
    }
    let plain_options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let plain = ArrowReaderMetadata::try_new(metadata.clone(), plain_options.clone()).map_err(|e| {
        // The footer could be parsed: it is of a later version of the format, or of types that Arrow lacks.
        EngineError::unsupported(format!("the Parquet file has a type that is not read: {}", parquet_text(e)))
    })?;
    let read = ArrowReaderMetadata::try_new(metadata.clone(), ArrowReaderOptions::new());
    let read = read.unwrap_or_else(|_| plain.clone());
    let mut types = Vec::new();
    plain.schema().fields().iter().for_each(|field| add_leaves(field, &mut types));
    let physical = metadata.file_metadata().schema_descr().columns().iter().map(|leaf| leaf.physical_type());
    let leaves: Vec<(Type, DataType)> = physical.zip(types).collect();
    let mut at = 0;
    let fields = read.schema().fields().iter().map(|field| as_read(field, &leaves, &mut at)).collect::<Fields>();
    if at != leaves.len() || &fields == read.schema().fields() {
        return Ok(read);
    }
    let schema = Arc::new(Schema::new(fields));
    ArrowReaderMetadata::try_new(metadata.clone(), plain_options.with_schema(schema)).map_err(corrupt)
}

/// The types of a field's leaves, in the file's order.
fn add_leaves(field: &FieldRef, leaves: &mut Vec<DataType>) {
    match field.data_type() {
        DataType::Struct(fields) => fields.iter().for_each(|child| add_leaves(child, leaves)),
        DataType::List(child) | DataType::Map(child, _) => add_leaves(child, leaves),
        leaf => leaves.push(leaf.clone()),
    }
}

/// Walks the leaves in the file's order; `leaves` are their types without `ARROW:schema`.
fn as_read(field: &FieldRef, leaves: &[(Type, DataType)], at: &mut usize) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|f| as_read(f, leaves, at)).collect()),
        DataType::List(element) | DataType::FixedSizeList(element, _) => DataType::List(as_read(element, leaves, at)),
        DataType::LargeList(element) => DataType::LargeList(as_read(element, leaves, at)),
        DataType::ListView(element) => DataType::ListView(as_read(element, leaves, at)),
        DataType::LargeListView(element) => DataType::LargeListView(as_read(element, leaves, at)),
        DataType::Map(entries, sorted) => DataType::Map(as_read(entries, leaves, at), *sorted),
        leaf => {
            let plain = leaves.get(*at);
            *at += 1;
            let values = match leaf {
                DataType::Dictionary(_, values) => values,
                other => other,
            };
            plain.map_or_else(|| values.clone(), |(physical, plain)| leaf_as_read(*physical, plain, values))
        }
    };
    Arc::new(Field::clone(field).with_data_type(data_type))
}

/// `refined` is the type by `ARROW:schema`.
fn leaf_as_read(physical: Type, plain: &DataType, refined: &DataType) -> DataType {
    use DataType::{Decimal128, Decimal256, Timestamp};
    match (plain, refined) {
        (_, Timestamp(_, zone)) if physical == Type::INT96 => Timestamp(TimeUnit::Microsecond, zone.clone()),
        (Decimal128(..) | Decimal256(..), _) => plain.clone(),
        (Timestamp(TimeUnit::Nanosecond, _), Timestamp(unit, _)) if *unit != TimeUnit::Nanosecond => plain.clone(),
        _ => refined.clone(),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type, UInt8Type};
    use arrow_array::{
        ArrayRef, BinaryArray, BooleanArray, FixedSizeBinaryArray, ListArray, PrimitiveArray, RecordBatch, StringArray,
        StructArray, TimestampNanosecondArray,
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
        with_said(batch, Schema::new(batch.schema().fields().iter().map(in_dictionary).collect::<Fields>()))
    }

    /// A file of these values with this `ARROW:schema`.
    fn with_said(batch: &RecordBatch, schema: Schema) -> Bytes {
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

    /// One column as it is read with an `ARROW:schema` that says another type of it.
    fn read_as(column: ArrayRef, said: DataType) -> ArrayRef {
        let batch = RecordBatch::try_from_iter_with_nullable([("c", column, true)]).unwrap();
        let file = with_said(&batch, Schema::new(vec![Field::new("c", said, true)]));
        read(&file, ReadRequest::default()).unwrap().batches[0].column(0).clone()
    }

    #[test]
    fn decimals_keep_the_scale_of_the_file() {
        use DataType::{Decimal32, Decimal64, Decimal128, Decimal256};
        for precision in [4, 10, 38] {
            let decimals: PrimitiveArray<Decimal128Type> = [Some(123), None, Some(-999)].into_iter().collect();
            let decimals: ArrayRef = Arc::new(decimals.with_precision_and_scale(precision, 2).unwrap());
            for said in [Decimal32(9, 0), Decimal32(4, 1), Decimal64(10, 5), Decimal128(38, 5), Decimal256(50, 6)] {
                assert_eq!(&read_as(decimals.clone(), said.clone()), &decimals, "{precision} {said}");
                let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(said));
                assert_eq!(&read_as(decimals.clone(), dictionary), &decimals, "{precision}");
            }
        }
    }

    #[test]
    fn nanoseconds_stay_nanoseconds() {
        let times: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![Some(1), None, Some(-2)]));
        for unit in [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond] {
            assert_eq!(&read_as(times.clone(), DataType::Timestamp(unit, None)), &times);
        }
    }

    #[test]
    fn lists_of_a_fixed_size_are_read_as_lists_whatever_their_size_is() {
        let rows = [Some(vec![Some(1), Some(2)]), None, Some(vec![]), Some(vec![Some(3)])];
        let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(rows));
        let DataType::List(element) = lists.data_type() else { panic!() };
        assert_eq!(&read_as(lists.clone(), DataType::FixedSizeList(element.clone(), 2)), &lists);
    }
}
