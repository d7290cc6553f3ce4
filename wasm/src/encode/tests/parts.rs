//! Row groups that other encoders made.

use super::*;
use crate::batch::project;

/// The same file, of row groups whose columns were encoded by encoders of their own, up to `columns` by each.
fn assemble(options: &Value, row_groups: Vec<Vec<RecordBatch>>, columns: usize) -> (Bytes, FooterFacts) {
    let mut encoder = Encoder::new(options.to_string().as_bytes()).unwrap();
    let mut file = Vec::new();
    for group in row_groups {
        let all = group[0].num_columns();
        let ranges = (0..all).step_by(columns).map(|first| first..all.min(first + columns));
        let parts: Vec<_> = ranges.map(|range| part(options, &project(&group, range).unwrap())).collect();
        let data: Vec<_> = parts.iter().map(|(data, _)| data.clone()).collect();
        let (before, after) = encoder.append_parts(parts.into_iter().map(|(_, part)| part).collect()).unwrap();
        file.extend(before.concat());
        file.extend(data.concat());
        file.extend(after.concat());
    }
    let (rest, facts) = encoder.finish().unwrap();
    file.extend(rest.concat());
    (file.into(), facts)
}

/// The column chunks of these rows, whose columns are some of the options', and the rest.
fn part(options: &Value, rows: &[RecordBatch]) -> (Vec<u8>, PartBytes) {
    let options = options.to_string();
    let schema = Encoder::new(options.as_bytes()).unwrap().recipe.options.schema.clone();
    let first = schema.index_of(rows[0].schema().field(0).name()).unwrap();
    let columns = rows[0].num_columns();
    let mut part = Encoder::of_part(options.as_bytes(), first..first + columns).unwrap();
    let data = row_group(&mut part, rows.to_vec()).unwrap();
    let tail = part.finish_part().unwrap();
    let data_bytes = data.len() as u64;
    (data, PartBytes { columns, data_bytes, tail: tail.concat().into() })
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
    for columns in [1, 3, usize::from(u8::MAX)] {
        let (assembled, assembled_facts) = assemble(options, groups(), columns);
        assert!(whole == assembled, "{columns} columns in a part of {options}");
        assert_eq!(format!("{facts:?}"), format!("{assembled_facts:?}"));
    }
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
    let columns = rows.num_columns();
    let (_, PartBytes { tail, data_bytes: after, .. }) = part(&options, &[rows]);
    let bad = [
        (columns, tail.slice(tail.len() - 9..), after),
        (columns, tail.slice(..tail.len() - 1), after),
        (columns, Bytes::new(), after),
        (columns, tail.clone(), after - 1),
        (columns, tail.clone(), after + 1),
        (columns - 1, tail.clone(), after),
        (columns + 1, tail, after),
    ];
    for (columns, tail, data_bytes) in bad {
        assert_refused(&options, vec![PartBytes { columns, data_bytes, tail }]);
    }
}

#[test]
fn parts_that_are_not_all_columns_of_the_same_rows_are_refused() {
    let rows = mixed(100);
    let options = options(&rows.schema());
    let all = rows.num_columns();
    let columns = |rows: usize, range| part(&options, &project(&[mixed(rows)], range).unwrap()).1;
    assert_refused(&options, vec![]);
    assert_refused(&options, vec![columns(100, 0..all - 1)]);
    assert_refused(&options, vec![columns(100, 2..all), columns(100, 0..2)]);
    assert_refused(&options, vec![columns(100, 0..2), columns(99, 2..all)]);
    assert_refused(&options, vec![columns(100, 0..all), columns(100, 0..1)]);
}

fn assert_refused(options: &Value, parts: Vec<PartBytes>) {
    let mut encoder = Encoder::new(options.to_string().as_bytes()).unwrap();
    let refused = encoder.append_parts(parts).unwrap_err();
    assert_eq!(refused.code, "INVALID_ARGUMENT", "{}", refused.message);
    assert_eq!(encoder.finish().unwrap_err().code, "INVALID_ARGUMENT");
}
