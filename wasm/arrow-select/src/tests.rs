use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::{Buffer, IntervalMonthDayNano, OffsetBuffer};
use arrow_schema::{DataType, Field};

use crate::concat::concat;
use crate::filter::filter;
use crate::take::take;

fn kinds() -> Vec<ArrayRef> {
    let ints = Int32Array::from(vec![Some(1), None, Some(3), Some(4), None, Some(6)]);
    let element = Arc::new(Field::new("element", DataType::Int32, true));
    let list =
        ListArray::new(element.clone(), OffsetBuffer::from_lengths([2, 0, 1, 3, 0, 0]), Arc::new(ints.clone()), None);
    let list = ListArray::new(element, list.offsets().clone(), list.values().clone(), ints.nulls().cloned());
    let structs =
        StructArray::from(vec![(Arc::new(Field::new("x", DataType::Int32, true)), Arc::new(ints.clone()) as ArrayRef)]);
    let texts = vec![Some("a"), Some(""), None, Some("long enough for a view of its own"), Some("é"), Some("f")];
    vec![
        Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true), Some(true), None])),
        Arc::new(Int8Array::from(vec![1, 2, 3, 4, 5, 6])),
        Arc::new(Int64Array::from(vec![Some(1), None, Some(3), Some(4), None, Some(6)])),
        Arc::new(Float64Array::from(vec![f64::NAN, -0.0, 1.0, 2.0, 3.0, 4.0])),
        Arc::new(TimestampMicrosecondArray::from(vec![1, 2, 3, 4, 5, 6]).with_timezone("UTC")),
        Arc::new(Decimal128Array::from(vec![1, 2, 3, 4, 5, 6]).with_precision_and_scale(20, 2).unwrap()),
        Arc::new(IntervalMonthDayNanoArray::from(
            (0..6).map(|i| IntervalMonthDayNano::new(i, 2, 3)).collect::<Vec<_>>(),
        )),
        Arc::new(Decimal256Array::from_iter_values((0..6).map(arrow_buffer::i256::from))),
        Arc::new(StringArray::from(texts.clone())),
        Arc::new(LargeBinaryArray::from_iter(texts.iter().map(|t| t.map(str::as_bytes)))),
        Arc::new(StringViewArray::from(texts.clone())),
        Arc::new(FixedSizeBinaryArray::new(2, Buffer::from(b"aabbccddeeff"), ints.nulls().cloned())),
        Arc::new(texts.into_iter().collect::<DictionaryArray<Int8Type>>()),
        Arc::new(NullArray::new(6)),
        Arc::new(list),
        Arc::new(structs),
        Arc::new(
            RunArray::<Int32Type>::try_new(&Int32Array::from(vec![2, 6]), &StringArray::from(vec!["a", "b"])).unwrap(),
        ),
        Arc::new(ints),
    ]
}

/// Row by row, with slices of one row as the measure.
fn same(taken: &ArrayRef, source: &ArrayRef, rows: &[Option<usize>]) {
    assert_eq!(taken.data_type(), source.data_type());
    assert_eq!(taken.len(), rows.len());
    taken.to_data().validate_full().unwrap();
    for (i, row) in rows.iter().enumerate() {
        match row {
            // What holds its nulls in a child says so there.
            None => assert!(taken.logical_nulls().is_some_and(|n| n.is_null(i)), "{} {i}", source.data_type()),
            Some(row) => {
                assert_eq!(taken.slice(i, 1).to_data(), source.slice(*row, 1).to_data(), "{} {i}", source.data_type())
            }
        }
    }
}

#[test]
fn rows_are_taken_of_every_type_also_of_slices() {
    for whole in kinds() {
        for (source, indices) in [
            (whole.clone(), vec![Some(5), Some(0), Some(1), Some(2), Some(2), None, Some(4)]),
            (whole.slice(1, 4), vec![Some(3), Some(0), Some(1), None]),
            (whole.slice(2, 3), vec![Some(2), Some(2)]),
            (whole.clone(), vec![]),
            (whole.slice(0, 0), vec![None, None]),
        ] {
            // Fields of a run-end encoded array that take no null are refused by Arrow itself.
            let rows = UInt32Array::from(indices.iter().map(|i| i.map(|i| i as u32)).collect::<Vec<_>>());
            same(&take(&source, &rows, None).unwrap(), &source, &indices);
        }
    }
}

#[test]
fn rows_that_do_not_exist_are_an_error() {
    for source in kinds() {
        assert!(take(&source, &UInt32Array::from(vec![6]), None).is_err());
        assert!(take(&source, &Int64Array::from(vec![-1]), None).is_err());
    }
}

#[test]
fn parts_join_to_the_whole() {
    for whole in kinds() {
        let parts = [whole.slice(0, 1), whole.slice(1, 0), whole.slice(1, 3), whole.slice(4, 2)];
        let joined = concat(&parts.iter().map(|p| p.as_ref()).collect::<Vec<_>>()).unwrap();
        same(&joined, &whole, &(0..6).map(Some).collect::<Vec<_>>());
    }
}

#[test]
fn joined_texts_take_no_more_room_than_they_need() {
    let text: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(100_000); 3]));
    let joined = concat(&[&text, &text.slice(1, 1), &text.slice(0, 2)]).unwrap();
    assert!(joined.get_buffer_memory_size() < 610_000);
}

#[test]
fn masks_pick_rows() {
    let mask = BooleanArray::from(vec![Some(true), Some(false), None, Some(true), Some(true), Some(false)]);
    for whole in kinds() {
        same(&filter(&whole, &mask).unwrap(), &whole, &[Some(0), Some(3), Some(4)]);
    }
}

#[test]
fn dictionaries_of_few_distinct_values_join_whatever_their_keys_can_count() {
    let one: DictionaryArray<Int8Type> =
        (0..100).map(|i| Some(format!("value {i}"))).collect::<Vec<_>>().iter().map(|v| v.as_deref()).collect();
    let other: DictionaryArray<Int8Type> =
        (20..120).map(|i| Some(format!("value {i}"))).collect::<Vec<_>>().iter().map(|v| v.as_deref()).collect();
    let joined = concat(&[&one, &other]).unwrap();
    let texts = joined.as_dictionary::<Int8Type>().downcast_dict::<StringArray>().unwrap();
    assert_eq!(
        texts.into_iter().map(Option::unwrap).collect::<Vec<_>>(),
        (0..100).chain(20..120).map(|i| format!("value {i}")).collect::<Vec<_>>()
    );
    let third: DictionaryArray<Int8Type> =
        (200..300).map(|i| Some(format!("value {i}"))).collect::<Vec<_>>().iter().map(|v| v.as_deref()).collect();
    assert!(concat(&[&one, &third]).is_err());
}
