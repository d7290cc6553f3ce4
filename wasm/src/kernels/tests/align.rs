//! Matching columns by name, and what is refused before any row is read.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};

use crate::error::EngineError;
use crate::kernels::align::{Aligner, MatchBy};

pub fn optional(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

pub fn required(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, false)
}

pub fn batch(columns: Vec<(Field, ArrayRef)>) -> RecordBatch {
    let (fields, columns): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

pub fn align(source: &RecordBatch, target: Vec<Field>) -> Result<RecordBatch, EngineError> {
    Aligner::new(source.schema(), Arc::new(Schema::new(target)))?.align(source)
}

fn ints(values: &[i32]) -> ArrayRef {
    Arc::new(Int32Array::from(values.to_vec()))
}

#[test]
fn columns_are_matched_by_name_with_the_targets_order_and_metadata() {
    let source = batch(vec![
        (optional("extra", DataType::Utf8), Arc::new(StringArray::from(vec!["x", "y"]))),
        (optional("b", DataType::Int32), ints(&[1, 2])),
        (optional("a", DataType::Int32), ints(&[3, 4])),
    ]);
    let id = HashMap::from([("PARQUET:field_id".to_owned(), "7".to_owned())]);
    let target = vec![
        optional("a", DataType::Int64).with_metadata(id),
        required("b", DataType::Int32),
        optional("missing", DataType::Utf8),
    ];
    let out = align(&source, target.clone()).unwrap();
    assert_eq!(out.schema().fields(), &Fields::from(target));
    assert_eq!(out.column(0).as_primitive::<Int64Type>().values(), &[3, 4]);
    assert_eq!(out.column(1).as_primitive::<Int32Type>().values(), &[1, 2]);
    assert_eq!(out.column(2).null_count(), 2);
    assert_eq!(align(&source, vec![]).unwrap().num_rows(), 2);
}

fn with_id(field: Field, id: u32) -> Field {
    field.with_metadata(HashMap::from([("PARQUET:field_id".to_owned(), id.to_string())]))
}

fn by_id(source: &RecordBatch, target: Vec<Field>) -> Result<RecordBatch, EngineError> {
    let target = Arc::new(Schema::new(target));
    Aligner::with_rules(source.schema(), target, MatchBy::FieldId, Vec::new())?.align(source)
}

#[test]
fn columns_are_matched_by_field_id_whatever_their_names() {
    let inner = |x: &str, y: &str| {
        Fields::from(vec![with_id(optional(x, DataType::Int32), 4), with_id(optional(y, DataType::Int32), 5)])
    };
    let pair = StructArray::new(inner("x", "y"), vec![ints(&[5, 6]), ints(&[7, 8])], None);
    let source = batch(vec![
        (with_id(optional("a", DataType::Int32), 1), ints(&[1, 2])),
        (with_id(optional("b", DataType::Int32), 2), ints(&[3, 4])),
        (optional("c", DataType::Int32), ints(&[9, 9])),
        (with_id(optional("s", DataType::Struct(inner("x", "y"))), 3), Arc::new(pair)),
    ]);
    let target = vec![
        with_id(optional("renamed", DataType::Struct(inner("y", "x"))), 3),
        with_id(optional("b", DataType::Int64), 1),
        with_id(optional("a", DataType::Int32), 2),
        with_id(optional("c", DataType::Int32), 9),
    ];
    let out = by_id(&source, target.clone()).unwrap();
    assert_eq!(out.schema().fields(), &Fields::from(target));
    let pair = out.column(0).as_struct();
    assert_eq!(pair.column(0).as_primitive::<Int32Type>().values(), &[5, 6]);
    assert_eq!(pair.column(1).as_primitive::<Int32Type>().values(), &[7, 8]);
    assert_eq!(out.column(1).as_primitive::<Int64Type>().values(), &[1, 2]);
    assert_eq!(out.column(2).as_primitive::<Int32Type>().values(), &[3, 4]);
    assert_eq!(out.column(3).null_count(), 2);

    let twice = batch(vec![
        (with_id(optional("a", DataType::Int32), 1), ints(&[1])),
        (with_id(optional("b", DataType::Int32), 1), ints(&[2])),
    ]);
    let error = by_id(&twice, vec![with_id(optional("a", DataType::Int32), 1)]).unwrap_err();
    assert!(error.to_string().contains("more than one column of this field id"), "{error}");
    assert!(by_id(&source, vec![with_id(required("c", DataType::Int32), 9)]).is_err());
}

#[test]
fn what_the_types_rule_out_is_refused_with_the_column() {
    let when = |zone: Option<&str>| DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
    let inner = |t: DataType| DataType::Struct(vec![optional("x", t)].into());
    let list = |t: DataType| DataType::List(Arc::new(optional("item", t)));
    let cases = [
        (DataType::Utf8, DataType::Int32, "c"),
        (DataType::Int32, DataType::Utf8, "c"),
        (when(None), when(Some("UTC")), "c"),
        (when(Some("UTC")), when(None), "c"),
        (DataType::Duration(TimeUnit::Second), DataType::Int64, "c"),
        (DataType::Boolean, DataType::Int32, "c"),
        (DataType::Utf8, DataType::FixedSizeBinary(16), "c"),
        (DataType::FixedSizeBinary(15), DataType::FixedSizeBinary(16), "c"),
        (DataType::Decimal128(9, 2), DataType::Float64, "c"),
        (inner(DataType::Utf8), inner(DataType::Date32), "c.x"),
        (list(DataType::Utf8), list(DataType::Boolean), "c.element"),
        (list(DataType::Int32), DataType::Int32, "c"),
        (DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8)), DataType::Int32, "c"),
    ];
    for (from, to, column) in cases {
        let source = RecordBatch::new_empty(Arc::new(Schema::new(vec![optional("c", from.clone())])));
        let error = align(&source, vec![optional("c", to.clone())]).unwrap_err();
        assert_eq!((error.code, error.column.as_deref()), ("SCHEMA_MISMATCH", Some(column)), "{from} to {to}");
    }
}

#[test]
fn a_required_column_that_is_missing_or_ambiguous_is_refused() {
    let one = batch(vec![(optional("a", DataType::Int32), ints(&[1]))]);
    let error = align(&one, vec![required("b", DataType::Int32)]).unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), ("SCHEMA_MISMATCH", Some("b")));
    let twice = batch(vec![(optional("a", DataType::Int32), ints(&[1])), (optional("a", DataType::Int32), ints(&[2]))]);
    let error = align(&twice, vec![optional("a", DataType::Int32)]).unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), ("SCHEMA_MISMATCH", Some("a")));
    // Twins that nobody asks for do no harm.
    assert!(align(&twice, vec![optional("z", DataType::Int32)]).is_ok());
}

#[test]
fn a_batch_of_another_schema_than_the_first_is_refused() {
    let first = batch(vec![(optional("a", DataType::Int32), ints(&[1]))]);
    let aligner = Aligner::new(first.schema(), first.schema()).unwrap();
    let other = batch(vec![(optional("a", DataType::Int64), Arc::new(Int64Array::from(vec![1])))]);
    assert_eq!(aligner.align(&other).unwrap_err().code, "SCHEMA_MISMATCH");
    let more = batch(vec![(optional("a", DataType::Int32), ints(&[1])), (optional("b", DataType::Int32), ints(&[1]))]);
    assert_eq!(aligner.align(&more).unwrap_err().code, "SCHEMA_MISMATCH");
    // Nullability and metadata say nothing about the values.
    let same = batch(vec![(required("a", DataType::Int32), ints(&[5]))]);
    assert_eq!(aligner.align(&same).unwrap().num_rows(), 1);
}

fn people(valid: Vec<bool>, ages: Vec<Option<i32>>) -> (Field, ArrayRef) {
    let fields = Fields::from(vec![optional("age", DataType::Int32)]);
    let column =
        StructArray::new(fields.clone(), vec![Arc::new(Int32Array::from(ages))], Some(NullBuffer::from(valid)));
    (optional("person", DataType::Struct(fields)), Arc::new(column))
}

#[test]
fn nulls_in_a_required_column_name_it_and_the_row() {
    let flat = batch(vec![(optional("a", DataType::Int32), Arc::new(Int32Array::from(vec![Some(1), None, None])))]);
    let error = align(&flat, vec![required("a", DataType::Int64)]).unwrap_err();
    assert_eq!((error.code, error.row, error.column.as_deref()), ("INVALID_VALUE", Some(1), Some("a")));
    assert!(align(&flat.slice(0, 1), vec![required("a", DataType::Int64)]).is_ok());

    let wanted = |t| optional("person", DataType::Struct(vec![required("age", t)].into()));
    let bad = batch(vec![people(vec![true, false, true], vec![Some(1), None, None])]);
    let error = align(&bad, vec![wanted(DataType::Int64)]).unwrap_err();
    assert_eq!((error.code, error.row, error.column.as_deref()), ("INVALID_VALUE", Some(2), Some("person.age")));
    // Under a null parent a null is none.
    let good = batch(vec![people(vec![true, false, true], vec![Some(1), None, Some(3)])]);
    for t in [DataType::Int64, DataType::Int32] {
        let out = align(&good, vec![wanted(t)]).unwrap();
        assert_eq!(out.column(0).null_count(), 1);
        assert_eq!(out.column(0).as_struct().column(0).null_count(), 0);
    }
}

#[test]
fn elements_of_lists_name_the_row_of_their_list() {
    let values = Int64Array::from(vec![Some(1), Some(1 << 40), None, Some(4)]);
    let element = Arc::new(optional("item", DataType::Int64));
    let lists = |lengths: [usize; 3], valid: [bool; 3]| -> RecordBatch {
        let list = ListArray::new(
            element.clone(),
            OffsetBuffer::from_lengths(lengths),
            Arc::new(values.clone()),
            Some(NullBuffer::from(valid.to_vec())),
        );
        batch(vec![(optional("l", list.data_type().clone()), Arc::new(list))])
    };
    let narrow = |nullable| optional("l", DataType::List(Arc::new(Field::new("element", DataType::Int32, nullable))));
    let error = align(&lists([1, 1, 2], [true, true, true]), vec![narrow(true)]).unwrap_err();
    assert_eq!((error.row, error.column.as_deref()), (Some(1), Some("l.element")));
    assert!(error.message.contains("1099511627776"));
    // A null list hides its elements, good or bad.
    let hidden = lists([1, 1, 2], [true, false, true]);
    assert_eq!(align(&hidden, vec![narrow(true)]).unwrap().column(0).null_count(), 1);
    let error = align(&hidden, vec![narrow(false)]).unwrap_err();
    assert_eq!((error.row, error.column.as_deref()), (Some(2), Some("l.element")));
    let all_hidden = lists([1, 2, 1], [true, false, true]);
    let out = align(&all_hidden, vec![narrow(false)]).unwrap();
    assert_eq!(out.column(0).as_list::<i32>().value(2).as_primitive::<Int32Type>().values(), &[4]);
    let sliced = align(&lists([1, 1, 2], [true, false, true]).slice(2, 1), vec![narrow(true)]).unwrap();
    assert_eq!(sliced.column(0).as_list::<i32>().values().len(), 2);
}

#[test]
fn maps_are_matched_by_position_and_need_keys() {
    let fields = Fields::from(vec![required("keys", DataType::Int32), optional("values", DataType::Float32)]);
    let entries = StructArray::new(
        fields.clone(),
        vec![ints(&[1, 2, 3]), Arc::new(Float32Array::from(vec![Some(0.5), None, Some(2.0)]))],
        None,
    );
    let entry = Arc::new(required("entries", DataType::Struct(fields)));
    let map = MapArray::new(entry, OffsetBuffer::from_lengths([2, 0, 1]), entries, None, false);
    let source = batch(vec![(optional("m", map.data_type().clone()), Arc::new(map))]);
    let target = |value_nullable| {
        let fields = vec![required("key", DataType::Int64), Field::new("value", DataType::Float64, value_nullable)];
        optional("m", DataType::Map(Arc::new(required("key_value", DataType::Struct(fields.into()))), false))
    };
    let out = align(&source, vec![target(true)]).unwrap();
    let out = out.column(0).as_map();
    assert_eq!(out.keys().as_primitive::<Int64Type>().values(), &[1, 2, 3]);
    assert_eq!(out.value(0).column(1).null_count(), 1);
    let error = align(&source, vec![target(false)]).unwrap_err();
    assert_eq!((error.row, error.column.as_deref()), (Some(0), Some("m.value")));
}
