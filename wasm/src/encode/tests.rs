use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::types::Int32Type;
use arrow_array::*;
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Encoding, LogicalType, Type};
use parquet::file::metadata::ParquetMetaData;
use serde_json::{Value, json};

use super::*;
use crate::schema_json::{EXTENSION, FIELD_ID, schema_to_json};

fn field(name: &str, data_type: DataType, id: i32) -> Field {
    Field::new(name, data_type, true).with_metadata([(FIELD_ID.to_string(), id.to_string())])
}

fn options(schema: &Schema) -> Value {
    json!({
        "schema": schema_to_json(schema).unwrap(), "codec": "zstd", "level": 1, "encoding": "default",
        "pageSizeBytes": 1 << 20, "pageRowLimit": 20_000, "dictionarySizeBytes": 2 << 20,
        "statisticsTruncateBytes": 16, "columns": [], "keyValueMetadata": [["a", "b"]],
    })
}

fn row_group(encoder: &mut Encoder, batches: Vec<RecordBatch>) -> Result<Vec<u8>> {
    encoder.start_row_group(batches)?;
    let mut bytes = Vec::new();
    while let Some(segments) = encoder.step_row_group()? {
        segments.iter().for_each(|s| bytes.extend_from_slice(s));
    }
    Ok(bytes)
}

fn encode(options: &Value, row_groups: Vec<Vec<RecordBatch>>) -> (Bytes, FooterFacts) {
    let mut encoder = Encoder::new(options.to_string().as_bytes()).unwrap();
    let mut file = Vec::new();
    for group in row_groups {
        file.extend(row_group(&mut encoder, group).unwrap());
    }
    let (rest, facts) = encoder.finish().unwrap();
    rest.iter().for_each(|s| file.extend_from_slice(s));
    (file.into(), facts)
}

/// The same file, of row groups that were each encoded by an encoder of its own.
fn assemble(options: &Value, row_groups: Vec<Vec<RecordBatch>>) -> (Bytes, FooterFacts) {
    let mut encoder = Encoder::new(options.to_string().as_bytes()).unwrap();
    let mut file = Vec::new();
    for group in row_groups {
        let mut part = Encoder::of_part(options.to_string().as_bytes()).unwrap();
        let rows = group.iter().map(RecordBatch::num_rows).sum::<usize>();
        let data = row_group(&mut part, group).unwrap();
        let (tail, tail_rows) = part.finish_part().unwrap();
        assert_eq!(tail_rows, rows as i64);
        let (before, after) = encoder.append_part(tail.concat().into(), data.len() as u64).unwrap();
        file.extend(before.concat());
        file.extend(data);
        file.extend(after.concat());
    }
    let (rest, facts) = encoder.finish().unwrap();
    file.extend(rest.concat());
    (file.into(), facts)
}

fn metadata(file: &Bytes) -> Arc<ParquetMetaData> {
    ParquetRecordBatchReaderBuilder::try_new(file.clone()).unwrap().metadata().clone()
}

fn read(file: &Bytes) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file.clone()).unwrap().with_batch_size(1 << 20).build();
    reader.unwrap().map(|b| b.unwrap()).collect()
}

fn batch(columns: Vec<(Field, ArrayRef)>) -> RecordBatch {
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// Rows with nulls, NaNs, nested nulls and garbage under null parents.
fn mixed(rows: usize) -> RecordBatch {
    let element = Arc::new(field("element", DataType::Int32, 12));
    let mut lists = ListBuilder::new(Int32Builder::new()).with_field(element);
    let n = rows as i32;
    for i in 0..n {
        for j in 0..i % 4 {
            lists.values().append_option((i % 11 != 0).then_some(i * 10 + j));
        }
        lists.append(i % 13 != 0);
    }
    let inner = Fields::from(vec![field("s", DataType::Utf8, 14)]);
    let nested = StructArray::new(
        inner.clone(),
        vec![Arc::new((0..n).map(|i| (i % 5 != 0).then(|| format!("inner {}", i % 50))).collect::<StringArray>())],
        Some((0..n).map(|i| i % 3 != 0).collect()),
    );
    let lists = lists.finish();
    batch(vec![
        (field("id", DataType::Int64, 1), Arc::new((0..n as i64).map(|i| Some(i * 7919)).collect::<Int64Array>())),
        (
            field("name", DataType::Utf8, 2),
            Arc::new(
                (0..n)
                    .map(|i| (i % 9 != 0).then(|| format!("user-{:08x}", i.wrapping_mul(-1_640_531_535))))
                    .collect::<StringArray>(),
            ),
        ),
        (
            field("cat", DataType::Utf8, 3),
            Arc::new((0..n).map(|i| Some(["x", "yy", "zzz"][i as usize % 3])).collect::<StringArray>()),
        ),
        (
            field("val", DataType::Float64, 4),
            Arc::new(
                (0..n)
                    .map(|i| if i % 100 == 0 { Some(f64::NAN) } else { (i % 50 != 1).then_some(f64::from(i) / 3.0) })
                    .collect::<Float64Array>(),
            ),
        ),
        (
            field("amt", DataType::Decimal128(12, 2), 5),
            Arc::new(
                (0..n)
                    .map(|i| Some(i128::from(i) * 31 - 5000))
                    .collect::<Decimal128Array>()
                    .with_precision_and_scale(12, 2)
                    .unwrap(),
            ),
        ),
        (field("lst", lists.data_type().clone(), 11), Arc::new(lists)),
        (field("st", DataType::Struct(inner), 13), Arc::new(nested)),
    ])
}

fn cut(batch: &RecordBatch, sizes: &[usize]) -> Vec<RecordBatch> {
    let mut out = Vec::new();
    let mut at = 0;
    for size in sizes.iter().cycle() {
        let length = (*size).min(batch.num_rows() - at);
        out.push(batch.slice(at, length));
        at += length;
        if at == batch.num_rows() {
            return out;
        }
    }
    out
}

#[test]
fn what_is_written_is_read_back() {
    let rows = mixed(30_000);
    for encoding in ["default", "compact"] {
        let mut options = options(&rows.schema());
        options["encoding"] = encoding.into();
        let (file, facts) = encode(&options, vec![cut(&rows, &[10_000])]);
        let back = read(&file);
        let back = arrow_select::concat::concat_batches(&back[0].schema(), &back).unwrap();
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

/// A row of every physical and logical type, by its number.
fn every_type(numbers: &[u64], nulls: u64) -> RecordBatch {
    let of = |n: &u64| (nulls == 0 || !n.is_multiple_of(nulls + 1)).then_some(*n);
    let values = || numbers.iter().map(of);
    let words = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
    let uuids = values().map(|v| v.map(|n| [words(n), words(n ^ 1)].concat()));
    let decimals = |precision: u8| {
        let array: Decimal128Array = values().map(|v| v.map(|n| i128::from(n as i32 >> 4) * 7 - 9)).collect();
        array.with_precision_and_scale(precision, 2).unwrap()
    };
    let floats = values().map(|v| v.map(|n| if n % 17 == 0 { f64::NAN } else { -(n as f64) / 3.0 }));
    let mut uuid = field("uuid", DataType::FixedSizeBinary(16), 1);
    uuid.set_metadata([(FIELD_ID, "1"), (EXTENSION, "arrow.uuid")].map(|(k, v)| (k.to_string(), v.to_string())));
    let zone = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let column = |name: &str, id: i32, array: ArrayRef| (field(name, array.data_type().clone(), id), array);
    batch(vec![
        (uuid, Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(uuids, 16).unwrap()) as ArrayRef),
        column("int", 2, Arc::new(values().map(|v| v.map(|n| n as i32)).collect::<Int32Array>())),
        column("bool", 3, Arc::new(values().map(|v| v.map(|n| n % 3 == 0)).collect::<BooleanArray>())),
        column("d9", 4, Arc::new(decimals(9))),
        column("d18", 5, Arc::new(decimals(18))),
        column("d38", 6, Arc::new(decimals(38))),
        column("double", 7, Arc::new(floats.collect::<Float64Array>())),
        column(
            "text",
            8,
            Arc::new(values().map(|v| v.map(|n| format!("a long text of {n}"))).collect::<StringArray>()),
        ),
        column("few", 9, Arc::new(values().map(|v| v.map(|n| format!("{}", n % 5))).collect::<StringArray>())),
        column("bytes", 10, Arc::new(values().map(|v| v.map(words)).collect::<BinaryArray>())),
        column("none", 11, Arc::new(Int64Array::from(vec![None; numbers.len()]))),
        (
            field("at", zone, 12),
            Arc::new(values().map(|v| v.map(|n| n as i64)).collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
        ),
        column("day", 13, Arc::new(values().map(|v| v.map(|n| n as i32 % 50_000)).collect::<Date32Array>())),
    ])
}

fn assert_parts_make_the_whole(options: &Value, groups: &[RecordBatch]) {
    let groups = || groups.iter().map(|rows| vec![rows.clone()]).collect::<Vec<_>>();
    let (whole, facts) = encode(options, groups());
    let (assembled, assembled_facts) = assemble(options, groups());
    assert!(whole == assembled, "{options}");
    assert_eq!(format!("{facts:?}"), format!("{assembled_facts:?}"));
}

#[test]
fn a_file_of_parts_is_the_file_written_whole() {
    let rows = mixed(12_000);
    for (encoding, codec) in [("default", "zstd"), ("compact", "snappy"), ("default", "uncompressed")] {
        let mut options = options(&rows.schema());
        options["encoding"] = encoding.into();
        options["codec"] = codec.into();
        options["level"] = Value::Null;
        options["columns"] = json!([
            ["id", { "bloomFilter": { "fpp": 0.01, "maxBytes": 65_536 } }],
            ["cat", { "bloomFilter": { "fpp": 0.1, "maxBytes": 4_096 } }],
            ["amt", { "statistics": false }],
        ]);
        for sizes in [&[12_000][..], &[7, 10_000, 12_000], &[2_500]] {
            assert_parts_make_the_whole(&options, &cut(&rows, sizes));
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    #[test]
    fn parts_of_any_rows_make_the_whole(
        groups in proptest::collection::vec((proptest::collection::vec(0u64..1 << 40, 1..400), 0u64..4), 1..5),
        compact in proptest::bool::ANY,
        truncate in proptest::option::of(1u64..20),
    ) {
        let groups: Vec<_> = groups.iter().map(|(numbers, nulls)| every_type(numbers, *nulls)).collect();
        let mut options = options(&groups[0].schema());
        options["encoding"] = if compact { "compact" } else { "default" }.into();
        options["statisticsTruncateBytes"] = truncate.into();
        assert_parts_make_the_whole(&options, &groups);
    }
}

#[test]
fn a_tail_that_is_none_is_refused_and_ends_the_encoder() {
    let rows = mixed(100);
    let options = options(&rows.schema());
    let mut part = Encoder::of_part(options.to_string().as_bytes()).unwrap();
    let data = row_group(&mut part, vec![rows]).unwrap();
    let tail: Bytes = part.finish_part().unwrap().0.concat().into();
    let after = data.len() as u64;
    let bad = [
        (tail.slice(tail.len() - 9..), after),
        (tail.slice(..tail.len() - 1), after),
        (Bytes::new(), after),
        (tail.clone(), after - 1),
        (tail, after + 1),
    ];
    for (tail, data_bytes) in bad {
        let mut encoder = Encoder::new(options.to_string().as_bytes()).unwrap();
        assert_eq!(encoder.append_part(tail, data_bytes).unwrap_err().code, "INVALID_ARGUMENT");
        assert_eq!(encoder.finish().unwrap_err().code, "INVALID_ARGUMENT");
    }
}
