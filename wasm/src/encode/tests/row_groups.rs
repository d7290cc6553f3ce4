//! How row groups are taken and given, and refused.

use super::*;

#[test]
fn a_bad_row_group_is_refused_and_ends_the_encoder() {
    let schema = Schema::new(vec![Field::new("a", DataType::Int32, false)]);
    let nullable = |values: Vec<Option<i32>>| {
        batch(vec![(
            Field::new("a", DataType::Int32, true),
            Arc::new(PrimitiveArray::<Int32Type>::from(values)) as ArrayRef,
        )])
    };
    let mut encoder = Encoder::new(options(&schema).to_string().as_bytes()).unwrap();
    let other = batch(vec![(Field::new("a", DataType::Int64, true), Arc::new(Int64Array::from(vec![1])) as ArrayRef)]);
    let e = row_group(&mut encoder, vec![other]).unwrap_err();
    assert_eq!((e.code, e.column.as_deref()), ("SCHEMA_MISMATCH", Some("a")));
    // Nothing was written yet.
    row_group(&mut encoder, vec![nullable(vec![Some(1)])]).unwrap();
    let e = row_group(&mut encoder, vec![nullable(vec![Some(1), None])]).unwrap_err();
    assert_eq!((e.code, e.column.as_deref()), ("INVALID_VALUE", Some("a")));
    assert_eq!(encoder.finish().unwrap_err().code, "INVALID_ARGUMENT");
}

#[test]
fn a_type_that_iceberg_does_not_have_is_refused() {
    for data_type in [DataType::UInt32, DataType::LargeUtf8, DataType::Utf8View] {
        let list = DataType::List(Arc::new(field("element", data_type, 2)));
        let schema = Schema::new(vec![field("a", list, 1)]);
        let e = Encoder::new(options(&schema).to_string().as_bytes()).err().unwrap();
        assert_eq!((e.code, e.column.as_deref()), ("UNSUPPORTED", Some("a.list.element")));
    }
}

#[test]
fn packed_columns_are_written_as_their_values() {
    let texts = ["a", "bb", "a", "", "bb"];
    let keys = Int32Array::from(vec![Some(1), None, Some(0), Some(2), Some(1)]);
    let dictionary = DictionaryArray::new(keys, Arc::new(StringArray::from(vec!["a", "bb", ""])));
    let runs = RunArray::try_new(&Int32Array::from(vec![2, 5]), &StringArray::from(vec!["a", "bb"])).unwrap();
    let rows = batch(vec![
        (field("d", dictionary.data_type().clone(), 1), Arc::new(dictionary) as ArrayRef),
        (field("r", runs.data_type().clone(), 2), Arc::new(runs)),
        (field("t", DataType::Utf8, 3), Arc::new(StringArray::from(texts.to_vec()))),
    ]);
    let (file, _) = encode(&options(&rows.schema()), vec![cut(&rows, &[2, 3])]);
    let back = read(&file);
    assert_eq!(back[0].column(0).as_ref(), &StringArray::from(vec![Some("bb"), None, Some("a"), Some(""), Some("bb")]));
    assert_eq!(back[0].column(1).as_ref(), &StringArray::from(vec!["a", "a", "bb", "bb", "bb"]));
}

#[test]
fn values_of_no_bytes_are_counted() {
    let nulls = Some([true, false].repeat(500).into());
    let nothing = FixedSizeBinaryArray::new(0, Vec::<u8>::new().into(), nulls);
    let rows = batch(vec![(field("n", DataType::FixedSizeBinary(0), 1), Arc::new(nothing) as ArrayRef)]);
    let (_, facts) = encode(&options(&rows.schema()), vec![vec![rows]]);
    assert_eq!((facts.leaves[0].value_count, facts.leaves[0].null_count), (1000, Some(500)));
}

#[test]
fn no_rows_no_row_group() {
    let rows = mixed(10);
    let (file, facts) = encode(&options(&rows.schema()), vec![vec![], vec![rows.slice(0, 0)], vec![rows]]);
    assert_eq!(facts.row_groups.len(), 1);
    assert_eq!(metadata(&file).num_row_groups(), 1);
}

#[test]
fn a_row_group_leaves_memory_in_steps() {
    // Incompressible, so that each column of 1 MiB is a step of its own.
    let mut state = 88172645463325252u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as i64
    };
    let columns = (0..8).map(|i| {
        let values: Int64Array = (0..131_072).map(|_| random()).collect();
        (field(&format!("c{i}"), DataType::Int64, i + 1), Arc::new(values) as ArrayRef)
    });
    let rows = batch(columns.collect());
    let (whole, _) = encode(&options(&rows.schema()), vec![vec![rows.clone()]]);
    let mut encoder = Encoder::new(options(&rows.schema()).to_string().as_bytes()).unwrap();
    encoder.start_row_group(vec![rows]).unwrap();
    let mut sizes = Vec::new();
    while let Some(segments) = encoder.step_row_group().unwrap() {
        sizes.push(segments.iter().map(Vec::len).sum::<usize>());
    }
    assert!(sizes.len() > 7 && sizes.iter().all(|size| *size < 2 << 20), "{sizes:?}");
    assert!(sizes.iter().sum::<usize>() < whole.len());
}

#[test]
fn a_row_group_is_the_same_whatever_was_compressed_before() {
    let options = options(&mixed(1).schema());
    let alone = encode(&options, vec![vec![mixed(3_000)]]).0;
    // In use as long as there is an encoder: so is its compressor.
    let mut before = Encoder::new(options.to_string().as_bytes()).unwrap();
    for rows in [20_000, 17, 4_000] {
        row_group(&mut before, vec![mixed(rows)]).unwrap();
        assert_eq!(encode(&options, vec![vec![mixed(3_000)]]).0, alone);
    }
}

#[test]
fn a_row_group_that_was_not_taken_whole_ends_the_file() {
    let rows = mixed(100);
    let mut encoder = Encoder::new(options(&rows.schema()).to_string().as_bytes()).unwrap();
    encoder.start_row_group(vec![rows]).unwrap();
    assert_eq!(encoder.finish().unwrap_err().code, "INVALID_ARGUMENT");
}
