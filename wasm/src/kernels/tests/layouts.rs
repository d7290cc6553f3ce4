//! Every Arrow layout of the same values gives the same aligned batch.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};

use super::align::{align, batch, optional, required};
use super::random::{Random, table_batch};
use crate::error::EngineError;
use crate::kernels::align::{Aligner, MatchBy};
use crate::kernels::data_size::data_size;
use crate::memory::tests::with_blocks_of;

/// `plain`, twice as long, as dictionary and as runs, with rows in another order and unused values.
fn encodings(plain: &ArrayRef) -> Vec<(ArrayRef, ArrayRef)> {
    let len = plain.len();
    let keys: Vec<Option<i8>> = (0..2 * len).map(|i| (i % 5 != 4).then_some((i * 3 % len) as i8)).collect();
    let index = UInt32Array::from_iter(keys.iter().map(|k| k.map(|k| k as u32)));
    let expected = arrow_select::take::take(plain, &index, None).unwrap();
    let dictionary = DictionaryArray::<Int8Type>::new(Int8Array::from(keys.clone()), plain.clone());
    let wide = DictionaryArray::<UInt64Type>::new(
        UInt64Array::from_iter(keys.iter().map(|k| k.map(|k| k as u64))),
        plain.clone(),
    );
    let ends = Int32Array::from_iter_values((1..=len as i32).map(|i| 2 * i));
    let runs = RunArray::<Int32Type>::try_new(&ends, plain).unwrap();
    let doubled = UInt32Array::from_iter_values((0..2 * len as u32).map(|i| i / 2));
    let runs_expected = arrow_select::take::take(plain, &doubled, None).unwrap();
    vec![
        (Arc::new(dictionary), expected.clone()),
        (Arc::new(wide), expected),
        (Arc::new(runs.slice(1, 2 * len - 3)), runs_expected.slice(1, 2 * len - 3)),
        (Arc::new(runs), runs_expected),
    ]
}

fn check(source: ArrayRef, field: &Field, expected: &ArrayRef, what: &str) {
    let given = batch(vec![(optional(field.name(), source.data_type().clone()), source)]);
    let out = align(&given, vec![field.clone()]).unwrap_or_else(|e| panic!("{what}: {e}"));
    assert_eq!(out.column(0), expected, "{what}");
    let plain = batch(vec![(field.clone(), expected.clone())]);
    assert_eq!(data_size(&given), data_size(&plain), "size of {what}");
}

#[test]
fn dictionaries_and_runs_of_every_type_unpack() {
    let table = table_batch(&mut Random::new(3), 10);
    for (field, column) in table.schema().fields().iter().zip(table.columns()) {
        for (encoded, expected) in encodings(column) {
            let what = format!("{}", encoded.data_type());
            for cut in [0, 3] {
                let rows = encoded.len() - cut;
                check(encoded.slice(cut, rows), field, &expected.slice(cut, rows), &what);
            }
        }
    }
}

#[test]
fn text_and_binary_of_every_layout() {
    let words = [Some("a"), None, Some("longer than twelve bytes"), Some(""), Some("語")];
    let bytes = words.map(|w| w.map(str::as_bytes));
    let text: ArrayRef = Arc::new(StringArray::from(words.to_vec()));
    let binary: ArrayRef = Arc::new(BinaryArray::from(bytes.to_vec()));
    let texts: [ArrayRef; 3] = [
        Arc::new(LargeStringArray::from(words.to_vec())),
        Arc::new(StringViewArray::from(words.to_vec())),
        text.clone(),
    ];
    let binaries: [ArrayRef; 3] = [
        Arc::new(LargeBinaryArray::from(bytes.to_vec())),
        Arc::new(BinaryViewArray::from(bytes.to_vec())),
        binary.clone(),
    ];
    for (sources, field, expected) in
        [(texts, optional("t", DataType::Utf8), &text), (binaries, optional("b", DataType::Binary), &binary)]
    {
        for source in sources {
            let what = source.data_type().to_string();
            check(source.slice(1, 4), &field, &expected.slice(1, 4), &what);
            check(source, &field, expected, &what);
        }
    }
    // Binary columns of old writers hold text.
    let given = batch(vec![(optional("t", DataType::Binary), binary)]);
    assert_eq!(align(&given, vec![optional("t", DataType::Utf8)]).unwrap().column(0), &text);
}

#[test]
fn lists_of_every_layout() {
    let element = || Arc::new(optional("item", DataType::Int16));
    fn rows<T: From<i8>>() -> Vec<Option<Vec<Option<T>>>> {
        vec![Some(vec![Some(1.into()), None]), None, Some(vec![Some(3.into()), Some(4.into())])]
    }
    let field = optional("l", DataType::List(Arc::new(optional("element", DataType::Int32))));
    let expected: ArrayRef = Arc::new({
        let list = ListArray::from_iter_primitive::<Int32Type, _, _>(rows::<i32>());
        ListArray::new(
            Arc::new(optional("element", DataType::Int32)),
            list.offsets().clone(),
            list.values().clone(),
            list.nulls().cloned(),
        )
    });
    let valid = || Some(NullBuffer::from(vec![true, false, true]));
    let values = |v: Vec<Option<i16>>| -> ArrayRef { Arc::new(Int16Array::from(v)) };
    let backwards = values(vec![Some(3), Some(4), Some(9), Some(1), None]);
    let (starts, sizes) = (ScalarBuffer::from(vec![3, 2, 0]), ScalarBuffer::from(vec![2, 1, 2]));
    let (starts64, sizes64) = (ScalarBuffer::from(vec![3i64, 2, 0]), ScalarBuffer::from(vec![2i64, 1, 2]));
    let sources: Vec<ArrayRef> = vec![
        Arc::new(ListArray::from_iter_primitive::<Int16Type, _, _>(rows::<i16>())),
        Arc::new(LargeListArray::from_iter_primitive::<Int16Type, _, _>(rows::<i16>())),
        Arc::new(FixedSizeListArray::new(
            element(),
            2,
            values(vec![Some(1), None, Some(9), None, Some(3), Some(4)]),
            valid(),
        )),
        Arc::new(ListViewArray::new(element(), starts, sizes, backwards.clone(), valid())),
        Arc::new(LargeListViewArray::new(element(), starts64, sizes64, backwards, valid())),
    ];
    for source in sources {
        let what = source.data_type().to_string();
        for (start, len) in [(0, 3), (1, 2), (0, 1)] {
            let given = batch(vec![(optional("l", source.data_type().clone()), source.slice(start, len))]);
            let out = align(&given, vec![field.clone()]).unwrap();
            assert_eq!(out.column(0).as_ref(), expected.slice(start, len).as_ref(), "{what}");
            assert_eq!(data_size(&out), data_size(&batch(vec![(field.clone(), expected.slice(start, len))])), "{what}");
        }
    }
    // The slot of a null list of fixed size holds elements that count nothing.
    assert_eq!(data_size(&batch(vec![(field.clone(), expected)])), 3 * 4 + 4 * 4);
    let nothing = OffsetBuffer::from_lengths([0usize; 0]);
    let empty = ListArray::new(element(), nothing, values(vec![]), None);
    let given = batch(vec![(optional("l", empty.data_type().clone()), Arc::new(empty))]);
    assert_eq!(align(&given, vec![field]).unwrap().num_rows(), 0);
}

#[test]
fn a_dictionary_value_that_no_row_uses_may_be_bad() {
    let values: ArrayRef = Arc::new(Int64Array::from(vec![1, 1 << 40, 2]));
    let keys = |k: Vec<Option<i8>>| -> RecordBatch {
        let column = DictionaryArray::<Int8Type>::new(Int8Array::from(k), values.clone());
        batch(vec![(optional("d", column.data_type().clone()), Arc::new(column))])
    };
    let target = || vec![optional("d", DataType::Int32)];
    assert!(align(&keys(vec![Some(0), None, Some(2)]), target()).is_ok());
    let error = align(&keys(vec![Some(0), None, Some(2), Some(1), Some(1)]), target()).unwrap_err();
    assert_eq!((error.code, error.row, error.column.as_deref()), ("INVALID_VALUE", Some(3), Some("d")));
    let error = align(&keys(vec![Some(0), None]), vec![required("d", DataType::Int64)]).unwrap_err();
    assert_eq!(error.row, Some(1));
}

#[test]
fn columns_of_nulls_fit_every_optional_column() {
    let table = table_batch(&mut Random::new(1), 1);
    let source = batch(vec![(optional("c", DataType::Null), Arc::new(NullArray::new(4)))]);
    for field in table.schema().fields() {
        let out = align(&source, vec![optional("c", field.data_type().clone())]).unwrap();
        assert_eq!(out.column(0).logical_null_count(), 4, "{field}");
    }
    assert_eq!(align(&source, vec![required("c", DataType::Int32)]).unwrap_err().row, Some(0));
    let no_keys = DictionaryArray::<Int8Type>::new(
        Int8Array::from(vec![None; 3]),
        Arc::new(StringArray::from(Vec::<&str>::new())),
    );
    let source = batch(vec![(optional("c", no_keys.data_type().clone()), Arc::new(no_keys))]);
    assert_eq!(align(&source, vec![optional("c", DataType::Utf8)]).unwrap().column(0).null_count(), 3);
    let nested =
        optional("c", DataType::Struct(vec![required("x", DataType::Timestamp(TimeUnit::Microsecond, None))].into()));
    let missing = align(&source, vec![optional("other", nested.data_type().clone())]).unwrap();
    assert_eq!(missing.column(0).null_count(), 3);
}

#[test]
fn a_table_of_its_own_schema_stays_as_it_is() {
    for seed in 0..50 {
        let mut random = Random::new(seed);
        let table = table_batch(&mut random, 70);
        let fields = || table.schema().fields().iter().map(|f| f.as_ref().clone()).collect();
        let part = table.slice(random.below(70), 1);
        assert_eq!(align(&table, fields()).unwrap(), table, "seed {seed}");
        assert_eq!(align(&part, fields()).unwrap(), part, "seed {seed}");
        let mut backwards: Vec<Field> = fields();
        backwards.reverse();
        let turned = align(&table, backwards).unwrap();
        assert_eq!(align(&turned, fields()).unwrap(), table, "seed {seed}");
    }
}

/// A batch of `rows` rows of one text, which is there once: as a dictionary and as runs.
fn one_text(length: usize, rows: usize) -> [ArrayRef; 2] {
    let text: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(length)]));
    let keys = Int32Array::from(vec![0; rows]);
    let runs = RunArray::<Int32Type>::try_new(&Int32Array::from(vec![rows as i32]), &text).unwrap();
    [Arc::new(DictionaryArray::new(keys, text)), Arc::new(runs)]
}

fn aligned_to(column: ArrayRef, target: DataType) -> Result<RecordBatch, EngineError> {
    let batch = RecordBatch::try_from_iter_with_nullable([("a", column, true)]).unwrap();
    let target = Arc::new(Schema::new(vec![Field::new("a", target, true)]));
    Aligner::new(batch.schema(), target).unwrap().align(&batch)
}

#[test]
fn one_large_value_of_many_rows_is_refused_before_memory_is_asked_for() {
    for column in one_text(50 << 20, 100) {
        let error = with_blocks_of(60 << 20, || aligned_to(column, DataType::Utf8)).unwrap_err();
        assert_eq!((error.code, error.row, error.column.as_deref()), ("INVALID_VALUE", Some(40), Some("a")), "{error}");
        assert!(error.message.contains("fewer rows"), "{error}");
    }
    for column in one_text(1 << 20, 100) {
        let error = with_blocks_of(8 << 20, || aligned_to(column.clone(), DataType::Utf8)).unwrap_err();
        assert_eq!((error.code, error.column.as_deref()), ("MEMORY_LIMIT_TOO_SMALL", Some("a")), "{error}");
        assert!(
            error.message.contains("104857600 bytes in 100 rows") && error.message.contains("memoryLimitBytes"),
            "{error}"
        );
        assert_eq!(aligned_to(column.slice(0, 2), DataType::Utf8).unwrap().num_rows(), 2);
    }
}

#[test]
fn structs_that_rows_share_are_measured_where_they_are() {
    let text: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(1 << 20)]));
    let fields = Fields::from(vec![Field::new("x", DataType::Utf8, true)]);
    let structs: ArrayRef = Arc::new(StructArray::new(fields.clone(), vec![text], None));
    let column: ArrayRef =
        Arc::new(DictionaryArray::new(Int32Array::from(vec![Some(0), None, Some(0)].repeat(100)), structs));
    let batch = RecordBatch::try_from_iter_with_nullable([("a", column.clone(), true)]).unwrap();
    let size = with_blocks_of(2 << 20, || data_size(&batch));
    assert_eq!(size, 200 * ((1 << 20) + 4));
    let error = with_blocks_of(8 << 20, || aligned_to(column, DataType::Struct(fields))).unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), ("MEMORY_LIMIT_TOO_SMALL", Some("a")), "{error}");
}

#[test]
fn views_of_the_same_elements_are_counted_before_they_are_copied() {
    let element = Arc::new(Field::new("element", DataType::Int64, true));
    let views = |length: i32, rows: usize| -> ArrayRef {
        let values: ArrayRef = Arc::new(Int64Array::from(vec![7; length as usize]));
        let (starts, lengths) = (ScalarBuffer::from(vec![0; rows]), ScalarBuffer::from(vec![length; rows]));
        Arc::new(ListViewArray::try_new(element.clone(), starts, lengths, values, None).unwrap())
    };
    let list = DataType::List(element.clone());
    let most = 8 << 20;
    let error = with_blocks_of(most, || aligned_to(views(100_000, 30_000), list.clone())).unwrap_err();
    assert_eq!((error.code, error.row), ("INVALID_VALUE", Some(21_474)), "{error}");
    let error = with_blocks_of(most, || aligned_to(views(100_000, 300), list.clone())).unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), ("MEMORY_LIMIT_TOO_SMALL", Some("a")), "{error}");
    assert_eq!(aligned_to(views(100, 30), list).unwrap().num_rows(), 30);
}

#[test]
fn rows_that_take_no_bytes_are_measured_before_they_are_given_any() {
    let many = 1 << 29;
    let most = 8 << 20;
    let nulls: ArrayRef = Arc::new(NullArray::new(many));
    let one: ArrayRef = Arc::new(Int64Array::from(vec![7]));
    let runs: ArrayRef = Arc::new(RunArray::<Int32Type>::try_new(&Int32Array::from(vec![many as i32]), &one).unwrap());
    let nothing: ArrayRef = Arc::new(FixedSizeBinaryArray::try_new_with_len(0, Buffer::default(), None, many).unwrap());
    let item = |of: &ArrayRef| Arc::new(Field::new("item", of.data_type().clone(), true));
    let list = |of: &ArrayRef| -> ArrayRef {
        let offsets = OffsetBuffer::from_lengths([many, 0]);
        Arc::new(ListArray::try_new(item(of), offsets, of.clone(), Some(vec![false, true].into())).unwrap())
    };
    let pairs =
        |of: &ArrayRef| -> ArrayRef { Arc::new(FixedSizeListArray::try_new(item(of), 2, of.clone(), None).unwrap()) };
    let shown = |of: &ArrayRef| -> ArrayRef {
        Arc::new(ListArray::try_new(item(of), OffsetBuffer::from_lengths([many]), of.clone(), None).unwrap())
    };
    let numbers = DataType::List(Arc::new(Field::new("element", DataType::Int64, true)));
    let bytes = DataType::List(Arc::new(Field::new("element", DataType::Binary, true)));
    let cases = [
        (nulls.clone(), DataType::Int64, 0),
        (runs.clone(), DataType::Int64, 8 * many),
        (nothing.clone(), DataType::Binary, 0),
        (pairs(&nulls), numbers.clone(), 4 * (many / 2)),
        (pairs(&runs), numbers.clone(), 4 * (many / 2) + 8 * many),
        (shown(&nulls), numbers.clone(), 4),
        (shown(&runs), numbers.clone(), 4 + 8 * many),
        (shown(&nothing), bytes, 4),
        (list(&nulls), numbers, 8),
    ];
    for (column, target, size) in cases {
        let text = format!("{} to {target}", column.data_type());
        let batch = RecordBatch::try_from_iter_with_nullable([("a", column.clone(), true)]).unwrap();
        assert_eq!(with_blocks_of(most, || data_size(&batch)), size as u64, "{text}");
        let error = with_blocks_of(most, || aligned_to(column, target)).unwrap_err();
        assert!(error.column.as_deref().is_some_and(|c| c.starts_with('a')), "{text}: {error}");
        assert_eq!(error.code, "MEMORY_LIMIT_TOO_SMALL", "{text}: {error}");
    }
    let batch = RecordBatch::try_from_iter_with_nullable([("a", nulls, true)]).unwrap();
    let missing = Arc::new(Schema::new(vec![Field::new("b", DataType::Utf8, true)]));
    for constants in [vec![], vec![(vec!["b".to_owned()], Some("x".to_owned()))]] {
        let aligner = Aligner::with_rules(batch.schema(), missing.clone(), MatchBy::Name, constants).unwrap();
        let error = with_blocks_of(most, || aligner.align(&batch)).unwrap_err();
        assert_eq!((error.code, error.column.as_deref()), ("MEMORY_LIMIT_TOO_SMALL", Some("b")), "{error}");
    }
}

#[test]
fn lists_show_the_same_runs_more_often_than_run_ends_can_say() {
    let values: ArrayRef = Arc::new(Int32Array::from(vec![Some(5), None, Some(6)]));
    let runs: ArrayRef =
        Arc::new(RunArray::<Int16Type>::try_new(&Int16Array::from(vec![100, 150, 300]), &values).unwrap());
    let item = |of: &ArrayRef| Arc::new(Field::new("item", of.data_type().clone(), true));
    let views = |of: &ArrayRef, length: i32| -> ArrayRef {
        let (starts, lengths) = (ScalarBuffer::from(vec![0; 200]), ScalarBuffer::from(vec![length; 200]));
        Arc::new(ListViewArray::try_new(item(of), starts, lengths, of.clone(), None).unwrap())
    };
    let element = |of: DataType| DataType::List(Arc::new(Field::new("element", of, true)));
    let shown = aligned_to(views(&runs, 300), element(DataType::Int64)).unwrap();
    let lists = shown.column(0).as_list::<i32>().clone();
    assert_eq!((lists.len(), lists.values().len()), (200, 60_000));
    let expected: Int64Array = (0..300).map(|i| if i < 100 { Some(5) } else { Some(6).filter(|_| i >= 150) }).collect();
    assert!((0..200).all(|row| lists.value(row).as_primitive::<Int64Type>() == &expected));

    let pair: ArrayRef = Arc::new(StructArray::from(vec![(item(&runs), runs.clone())]));
    let inner: ArrayRef =
        Arc::new(ListArray::try_new(item(&pair), OffsetBuffer::from_lengths([300]), pair.clone(), None).unwrap());
    let target = DataType::Struct(vec![Field::new("item", DataType::Int64, true)].into());
    let shown = aligned_to(views(&inner, 1), element(element(target))).unwrap();
    let structs = shown.column(0).as_list::<i32>().values().as_list::<i32>().values().as_struct().clone();
    assert_eq!(structs.len(), 60_000);
    assert_eq!(structs.column(0).slice(59_700, 300).as_primitive::<Int64Type>(), &expected);
}
