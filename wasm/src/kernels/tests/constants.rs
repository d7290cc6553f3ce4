//! What the source lacks, filled with one value.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};

use super::align::{batch, optional, required};
use crate::error::EngineError;
use crate::kernels::align::{Aligner, MatchBy};

fn filled(
    source: &RecordBatch,
    target: Vec<Field>,
    constants: &[(&[&str], Option<&str>)],
) -> Result<RecordBatch, EngineError> {
    let owned = |(path, value): &(&[&str], Option<&str>)| {
        (path.iter().map(|name| (*name).to_owned()).collect(), value.map(str::to_owned))
    };
    let constants = constants.iter().map(owned).collect();
    Aligner::with_rules(source.schema(), Arc::new(Schema::new(target)), MatchBy::Name, constants)?.align(source)
}

fn longs(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

#[test]
fn every_flat_type_is_filled_where_the_source_lacks_it() {
    let source = batch(vec![(optional("a", DataType::Int64), longs(&[1, 2, 3]))]);
    let us = |zone: Option<&str>| DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
    for (data_type, text, shown) in [
        (DataType::Boolean, "true", "true"),
        (DataType::Int32, "-7", "-7"),
        (DataType::Int64, "9007199254740993", "9007199254740993"),
        (DataType::Float32, "0.5", "0.5"),
        (DataType::Float64, "1e300", "1e300"),
        (DataType::Decimal128(38, 2), "14.20", "14.20"),
        (DataType::Date32, "2024-02-29", "2024-02-29"),
        (DataType::Time64(TimeUnit::Microsecond), "22:31:08.123456", "22:31:08.123456"),
        (us(None), "2017-11-16T22:31:08.123456", "2017-11-16T22:31:08.123456"),
        (us(Some("UTC")), "2017-11-16T22:31:08.123456+00:00", "2017-11-16T22:31:08.123456+00:00"),
        (DataType::Utf8, "", ""),
        (DataType::Utf8, " x ", " x "),
        (DataType::Binary, "00ff", "00ff"),
        (DataType::FixedSizeBinary(2), "00ff", "00ff"),
    ] {
        let target = vec![required("d", data_type.clone()), optional("a", DataType::Int64)];
        let out = filled(&source, target, &[(&["d"], Some(text)), (&["a"], Some("9"))]).unwrap();
        let column = out.column(0);
        assert_eq!((column.len(), column.null_count(), column.data_type()), (3, 0, &data_type));
        // The same text read as a column.
        let mut same = crate::text::column::Column::new(&Arc::new(optional("d", data_type))).unwrap();
        (0..3).for_each(|_| same.push_text(shown).unwrap());
        assert_eq!(column.to_data(), same.finish().unwrap().to_data(), "{text}");
        assert_eq!(out.column(1).as_primitive::<Int64Type>().values(), &[1, 2, 3]);
        assert_eq!(filled(&source.slice(0, 0), vec![optional("a", DataType::Int64)], &[]).unwrap().num_rows(), 0);
    }
}

#[test]
fn children_of_structs_are_filled_too() {
    let inner: Fields = vec![optional("x", DataType::Int64)].into();
    let nulls = Some(NullBuffer::from(vec![true, false]));
    let s: ArrayRef = Arc::new(StructArray::new(inner.clone(), vec![longs(&[1, 2])], nulls));
    let source = batch(vec![(optional("s", DataType::Struct(inner)), s)]);
    let wide: Fields = vec![required("y", DataType::Utf8), optional("x", DataType::Int64)].into();
    let target = || vec![optional("s", DataType::Struct(wide.clone()))];
    let out = filled(&source, target(), &[(&["s", "y"], Some("z"))]).unwrap();
    let s = out.column(0).as_struct();
    assert_eq!((s.column(0).as_string::<i32>().value(0), s.is_null(1)), ("z", true));
    assert_eq!(filled(&source, target(), &[]).unwrap_err().code, "SCHEMA_MISMATCH");
}

#[test]
fn what_cannot_be_filled_is_refused_with_the_column() {
    let source = batch(vec![(optional("a", DataType::Int64), longs(&[1]))]);
    let list = DataType::List(Arc::new(optional("element", DataType::Int64)));
    let target = || vec![required("d", DataType::Int32), optional("l", list.clone())];
    for (constants, code, column) in [
        (&[(&["d"][..], Some("x"))][..], "INVALID_VALUE", "d"),
        (&[(&["d"], Some("2147483648"))], "INVALID_VALUE", "d"),
        (&[(&["d"], None)], "SCHEMA_MISMATCH", "d"),
        (&[(&["d"], Some("1")), (&["l"], Some("[1]"))], "UNSUPPORTED", "l"),
        (&[(&["d"], Some("1")), (&["l", "element", "x"], Some("1"))], "INVALID_ARGUMENT", "l.element.x"),
        (&[(&["e"], Some("1"))], "INVALID_ARGUMENT", "e"),
        (&[(&[], None)], "INVALID_ARGUMENT", ""),
    ] {
        let error = filled(&source, target(), constants).unwrap_err();
        assert_eq!((error.code, error.column.as_deref()), (code, Some(column)));
    }
    let out = filled(&source, target(), &[(&["d"], Some("1")), (&["l"], None)]).unwrap();
    assert_eq!(out.column(1).null_count(), 1);
}
