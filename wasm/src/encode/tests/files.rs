//! What is in a file.

use arrow_buffer::OffsetBuffer;
use arrow_select::concat::concat_batches;

use super::*;

#[test]
fn what_is_written_is_read_back() {
    let rows = mixed(30_000);
    for encoding in ["default", "compact"] {
        let mut options = options(&rows.schema());
        options["encoding"] = encoding.into();
        let (file, facts) = encode(&options, vec![cut(&rows, &[10_000])]);
        let back = read(&file);
        let back = concat_batches(&back[0].schema(), &back).unwrap();
        assert_eq!(back.num_rows(), 30_000);
        for (a, b) in rows.columns().iter().zip(back.columns()) {
            // Text forms: NaN is not equal to itself, and names of list children differ.
            assert_eq!(a.len(), b.len());
            assert_eq!(a.null_count(), b.null_count());
        }
        assert_eq!(rows.column(0), back.column(0));
        assert_eq!(rows.column(1), back.column(1));
        assert_eq!(rows.column(4), back.column(4));
        assert_eq!(rows.column(5).to_data(), back.column(5).to_data());
        assert_eq!(facts.num_rows, 30_000);
        assert_eq!(facts.key_value_metadata, [("a".to_string(), "b".to_string())]);
    }
}

#[test]
fn the_cut_into_batches_does_not_change_a_byte() {
    let rows = mixed(50_000);
    let options = options(&rows.schema());
    let (whole, _) = encode(&options, vec![vec![rows.clone()]]);
    for sizes in [&[7_777][..], &[10_000], &[8_192], &[1, 20_000, 3], &[49_999, 1]] {
        let (file, _) = encode(&options, vec![cut(&rows, sizes)]);
        assert!(file == whole, "{sizes:?}");
    }
}

#[test]
fn a_dictionary_is_chosen_in_whatever_order_values_repeat() {
    const ROWS: i64 = 60_000;
    let scattered = |at: i64, of: u64| {
        let mixed = (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 5) as i64 % of as i64
    };
    type Order<'a> = (&'a str, bool, &'a dyn Fn(i64) -> i64);
    let orders: &[Order] = &[
        ("in runs", true, &|at| at / 10),
        ("one of most, then once each", true, &|at| if at < ROWS * 9 / 10 { 0 } else { at }),
        ("around again", true, &|at| at % 6_400),
        ("around again with the strides", true, &|at| at % 4_096),
        ("around again beside the strides", true, &|at| at % (4_096 + 16)),
        ("scattered", true, &|at| scattered(at, 6_400)),
        ("scattered, twice each", false, &|at| scattered(at, ROWS as u64 / 2)),
        ("in runs of two", false, &|at| at / 2),
        ("once each", false, &|at| at),
    ];
    for (order, wanted, of) in orders {
        let longs = Int64Array::from_iter((0..ROWS).map(|at| (at % 7 != 3).then(|| of(at))));
        let texts = StringArray::from_iter_values((0..ROWS).map(|at| format!("text {}", of(at))));
        let lists = ListArray::new(
            Arc::new(field("element", DataType::Int64, 4)),
            OffsetBuffer::from_lengths((0..ROWS as usize / 2).map(|_| 2)),
            Arc::new(Int64Array::from_iter_values((0..ROWS).map(of))),
            None,
        );
        let flat = batch(vec![
            (field("longs", DataType::Int64, 1), Arc::new(longs) as ArrayRef),
            (field("texts", DataType::Utf8, 2), Arc::new(texts)),
        ]);
        let nested = batch(vec![(field("lists", lists.data_type().clone(), 3), Arc::new(lists) as ArrayRef)]);
        for rows in [flat, nested] {
            let (file, _) = encode(&options(&rows.schema()), vec![vec![rows.clone()]]);
            let back = read(&file);
            assert_eq!(concat_batches(&back[0].schema(), &back).unwrap().columns(), rows.columns());
            for column in metadata(&file).row_group(0).columns() {
                let path = column.column_path().string();
                assert_eq!(column.dictionary_page_offset().is_some(), *wanted, "{path}: {order}");
            }
        }
    }
}

#[test]
fn a_dictionary_is_chosen_for_values_that_repeat_and_no_other() {
    let rows = mixed(40_000);
    let (file, _) = encode(&options(&rows.schema()), vec![vec![rows]]);
    let metadata = metadata(&file);
    let with: Vec<String> = metadata
        .row_group(0)
        .columns()
        .iter()
        .filter(|c| c.dictionary_page_offset().is_some())
        .map(|c| c.column_path().string())
        .collect();
    assert_eq!(with, ["cat", "st.s"]);
    for column in metadata.row_group(0).columns() {
        for encoding in column.encodings() {
            assert!(matches!(encoding, Encoding::PLAIN | Encoding::RLE | Encoding::RLE_DICTIONARY), "{encoding}");
        }
        assert!(column.offset_index_offset().is_some());
    }
}

#[test]
fn compact_uses_the_newer_encodings() {
    let rows = mixed(20_000);
    let mut options = options(&rows.schema());
    options["encoding"] = "compact".into();
    let (file, _) = encode(&options, vec![vec![rows]]);
    let metadata = metadata(&file);
    let encodings = |i: usize| metadata.row_group(0).column(i).encodings().collect::<Vec<_>>();
    assert!(encodings(0).contains(&Encoding::DELTA_BINARY_PACKED));
    assert!(encodings(1).contains(&Encoding::DELTA_BYTE_ARRAY));
    assert!(encodings(3).contains(&Encoding::BYTE_STREAM_SPLIT));
    assert!(encodings(4).contains(&Encoding::DELTA_BINARY_PACKED));
}

#[test]
fn column_options_are_honoured() {
    let rows = mixed(10_000);
    let mut options = options(&rows.schema());
    options["columns"] = json!([
        ["cat", { "dictionary": "off" }],
        ["id", { "statistics": false, "bloomFilter": { "fpp": 0.01, "maxBytes": 4096 } }],
        ["amt", { "dictionary": "on" }],
    ]);
    let (file, facts) = encode(&options, vec![vec![rows]]);
    let metadata = metadata(&file);
    let columns = metadata.row_group(0).columns();
    assert!(columns[2].dictionary_page_offset().is_none());
    assert!(columns[4].dictionary_page_offset().is_some());
    assert!(columns[0].statistics().is_none());
    assert!(columns[0].bloom_filter_offset().is_some() && columns[1].bloom_filter_offset().is_none());
    assert!(columns[0].bloom_filter_length().unwrap() < 4096 + 64);
    assert_eq!(facts.leaves[0].null_count, None);
    assert_eq!(facts.leaves[0].min, None);
}

#[test]
fn the_schema_is_what_iceberg_readers_expect() {
    let key =
        Arc::new(Field::new("k", DataType::Utf8, false).with_metadata([(FIELD_ID.to_string(), "22".to_string())]));
    let value = Arc::new(field("v", DataType::Int32, 23));
    let entries = Field::new("entries", DataType::Struct(vec![key, value].into()), false);
    let uuid = field("u", DataType::FixedSizeBinary(16), 1);
    let mut uuid_metadata = uuid.metadata().clone();
    uuid_metadata.insert(EXTENSION.to_string(), "arrow.uuid".to_string());
    let schema = Schema::new(vec![
        uuid.with_metadata(uuid_metadata),
        field("m", DataType::Map(Arc::new(entries), false), 21),
        field("l", DataType::List(Arc::new(field("item", DataType::Int32, 31))), 30),
        field("d9", DataType::Decimal128(9, 2), 41),
        field("d18", DataType::Decimal128(18, 2), 42),
        field("d38", DataType::Decimal128(38, 2), 43),
        field("ts", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), 44),
    ]);
    let (file, facts) = encode(&options(&schema), vec![]);
    let metadata = metadata(&file);
    let file_metadata = metadata.file_metadata();
    let columns = file_metadata.schema_descr().columns();
    let paths: Vec<_> = columns.iter().map(|c| c.path().string()).collect();
    assert_eq!(paths, ["u", "m.key_value.key", "m.key_value.value", "l.list.element", "d9", "d18", "d38", "ts"]);
    let ids: Vec<_> = facts.leaves.iter().map(|l| l.field_id.unwrap()).collect();
    assert_eq!(ids, [1, 22, 23, 31, 41, 42, 43, 44]);
    assert_eq!(columns[0].logical_type_ref(), Some(&LogicalType::Uuid));
    let physical: Vec<_> = columns[4..7].iter().map(|c| c.physical_type()).collect();
    assert_eq!(physical, [Type::INT32, Type::INT64, Type::FIXED_LEN_BYTE_ARRAY]);
    assert!(facts.leaves[1].repeated && facts.leaves[3].repeated && !facts.leaves[0].repeated);
    assert!(facts.created_by.as_deref().unwrap().starts_with("icestream "));
    let keys: Vec<_> = file_metadata.key_value_metadata().unwrap().iter().map(|k| k.key.as_str()).collect();
    assert_eq!(keys, ["a"]);
}

#[test]
fn facts_are_merged_over_row_groups() {
    let group = |values: Vec<Option<f64>>, text: &str| {
        let n = values.len();
        batch(vec![
            (field("f", DataType::Float64, 1), Arc::new(Float64Array::from(values))),
            (field("s", DataType::Utf8, 2), Arc::new(StringArray::from(vec![text; n]))),
            (
                field("d", DataType::Decimal128(30, 0), 3),
                Arc::new(
                    Decimal128Array::from(vec![if text == "b" { -5i128 } else { 7 }; n])
                        .with_precision_and_scale(30, 0)
                        .unwrap(),
                ),
            ),
        ])
    };
    let groups = vec![
        group(vec![Some(1.0), None, Some(f64::NAN)], "b"),
        group(vec![Some(f64::NAN), None], "a string of more than sixteen bytes"),
        group(vec![Some(-0.0), Some(0.0), Some(-3.5)], "\u{10FFFF}"),
    ];
    let schema = groups[0].schema();
    let (_, facts) = encode(&options(&schema), groups.into_iter().map(|g| vec![g]).collect());
    assert_eq!(facts.row_groups.iter().map(|g| g.num_rows).collect::<Vec<_>>(), [3, 2, 3]);
    assert_eq!(facts.row_groups[0].start_offset, 4);
    let f = &facts.leaves[0];
    assert_eq!((f.value_count, f.null_count, f.nan_count), (8, Some(2), Some(2)));
    assert_eq!(f.min.as_deref(), Some(&(-3.5f64).to_le_bytes()[..]));
    assert_eq!(f.max.as_deref(), Some(&1f64.to_le_bytes()[..]));
    let s = &facts.leaves[1];
    assert_eq!(s.min.as_deref(), Some(&b"a string of more"[..]));
    assert!(!s.min_exact && s.max_exact);
    assert_eq!(s.max.as_deref(), Some("\u{10FFFF}".as_bytes()));
    let d = &facts.leaves[2];
    assert!(d.min.as_ref().unwrap().iter().rev().skip(1).all(|b| *b == 0xff));
    assert_eq!(d.max.as_ref().unwrap().last(), Some(&7));
}

#[test]
fn bounds_of_doubles_have_an_order_that_readers_know() {
    use parquet::basic::{ColumnOrder, SortOrder};
    for columns in [1, 2, 14, 15, 16, 200] {
        let values = |i: usize| if i == 1 { vec![f64::NAN; 2] } else { vec![f64::NAN, -2.5 * i as f64] };
        let rows = batch(
            (0..columns)
                .map(|i| {
                    (
                        field(&format!("c{i}"), DataType::Float64, i as i32 + 1),
                        Arc::new(Float64Array::from(values(i))) as _,
                    )
                })
                .collect(),
        );
        let (file, facts) = encode(&options(&rows.schema()), vec![vec![rows]]);
        let metadata = metadata(&file);
        let orders = metadata.file_metadata().column_orders().unwrap();
        for (i, order) in orders.iter().enumerate() {
            // A column of NaNs alone keeps the order in which NaN is a bound.
            let want = if i == 1 {
                ColumnOrder::IEEE_754_TOTAL_ORDER
            } else {
                ColumnOrder::TYPE_DEFINED_ORDER(SortOrder::SIGNED)
            };
            assert_eq!(*order, want, "{i} of {columns}");
        }
        // The file says of itself what the encoder said.
        assert_eq!(
            footer_facts(&metadata).leaves.iter().skip(1).collect::<Vec<_>>(),
            facts.leaves.iter().skip(1).collect::<Vec<_>>()
        );
    }
}
