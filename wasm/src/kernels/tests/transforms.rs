//! Values of single transforms: the spec's vectors and the edges of types.

use std::sync::Arc;

use arrow_array::types::*;
use arrow_array::*;
use icestream_routing::{hash_bytes, hash_long};
use serde_json::Value;

use crate::kernels::transform::Transform;

fn bytes_of(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn apply(column: impl Array + 'static, transform: &str) -> Vec<Option<Vec<u8>>> {
    let column: ArrayRef = Arc::new(column);
    let keys =
        Transform::parse(transform).unwrap().apply(std::slice::from_ref(&column), column.logical_nulls()).unwrap();
    (0..column.len()).map(|row| keys.encode(row).unwrap()).collect()
}

fn ints(column: impl Array + 'static, transform: &str) -> Vec<i32> {
    apply(column, transform).into_iter().map(|v| i32::from_le_bytes(v.unwrap().try_into().unwrap())).collect()
}

#[test]
fn the_hashes_of_the_spec() {
    let vectors: Value = serde_json::from_str(include_str!("appendix-b-hash-vectors.json")).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 17);
    for vector in vectors {
        let bytes = bytes_of(vector["bytes_hex"].as_str().unwrap());
        let (hash, bucket) = (vector["hash"].as_i64().unwrap(), vector["bucket[16]"].as_i64().unwrap());
        assert_eq!(i64::from(hash_bytes(&bytes)), hash, "{vector}");
        let long = || i64::from_le_bytes(bytes.clone().try_into().unwrap());
        let column: ArrayRef = match vector["type"].as_str().unwrap() {
            "int" => Arc::new(Int32Array::from(vec![long() as i32])),
            "long" => Arc::new(Int64Array::from(vec![long()])),
            "date" => Arc::new(Date32Array::from(vec![long() as i32])),
            "time" => Arc::new(Time64MicrosecondArray::from(vec![long()])),
            "timestamp" => Arc::new(TimestampMicrosecondArray::from(vec![long()])),
            "timestamptz" => Arc::new(TimestampMicrosecondArray::from(vec![long()]).with_timezone("UTC")),
            "timestamp_ns" => Arc::new(TimestampNanosecondArray::from(vec![long() * 1_000 + 1])),
            "string" => Arc::new(StringArray::from(vec![std::str::from_utf8(&bytes).unwrap()])),
            "binary" => Arc::new(BinaryArray::from_vec(vec![&bytes])),
            "uuid" | "fixed[4]" => Arc::new(FixedSizeBinaryArray::new(bytes.len() as i32, bytes.into(), None)),
            "decimal(9,2)" => Arc::new(Decimal128Array::from(vec![1420]).with_precision_and_scale(9, 2).unwrap()),
            other if other.contains("not bucketable") => continue,
            other => panic!("{other}"),
        };
        let keys = Transform::Bucket(16).apply(std::slice::from_ref(&column), None).unwrap();
        assert_eq!(keys.encode(0).unwrap().unwrap(), (bucket as i32).to_le_bytes(), "{vector}");
    }
}

#[test]
fn buckets_of_longs_are_those_of_their_bytes() {
    for v in [0, 1, -1, 34, i64::MIN, i64::MAX, 1 << 40] {
        assert_eq!(hash_long(v), hash_bytes(&v.to_le_bytes()));
    }
    let before = TimestampNanosecondArray::from(vec![-1, -1_000, -1_001]);
    let micros = TimestampMicrosecondArray::from(vec![-1, -1, -2]);
    assert_eq!(ints(before, "bucket[1000]"), ints(micros, "bucket[1000]"));
}

#[test]
fn times_before_1970_go_down() {
    let hour = 3_600_000_000i64;
    let times =
        || TimestampMicrosecondArray::from(vec![0, -1, -hour, -24 * hour - 1, 31 * 24 * hour, 365 * 24 * hour - 1]);
    assert_eq!(ints(times(), "hour"), [0, -1, -1, -25, 744, 8_759]);
    assert_eq!(ints(times(), "day"), [0, -1, -1, -2, 31, 364]);
    assert_eq!(ints(times(), "month"), [0, -1, -1, -1, 1, 11]);
    assert_eq!(ints(times(), "year"), [0, -1, -1, -1, 0, 0]);
    let nanos = TimestampNanosecondArray::from(vec![-1, 3_600_000_000_000]).with_timezone("UTC");
    assert_eq!(ints(nanos, "hour"), [-1, 1]);
    // 2017-12-01, 2000-02-29, 1600-02-29, 0001-01-01, -0001-12-31
    let dates = || Date32Array::from(vec![17_501, 11_016, -135_081, -719_162, -719_529]);
    assert_eq!(ints(dates(), "year"), [47, 30, -370, -1969, -1971]);
    assert_eq!(ints(dates(), "month"), [575, 361, -4_439, -23_628, -23_641]);
}

#[test]
fn the_calendar_is_the_one_of_day_by_day() {
    let leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let (mut year, mut month, mut day) = (1600, 1, 1);
    for days in -135_140..200_000 {
        assert_eq!(crate::kernels::civil::date_of(days), (year, month, day));
        let last = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
        day += 1;
        if day > last {
            (day, month) = (1, month + 1);
        }
        if month > 12 {
            (month, year) = (1, year + 1);
        }
    }
}

#[test]
fn an_hour_beyond_an_int_is_no_key() {
    let column: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![0, i64::MAX]));
    let keys = Transform::Hour.apply(std::slice::from_ref(&column), None).unwrap();
    assert!(keys.encode(0).is_ok());
    assert!(keys.encode(1).is_err());
}

#[test]
fn truncation_goes_down_and_counts_code_points() {
    assert_eq!(ints(Int32Array::from(vec![1, -1, 10, -10, 0]), "truncate[10]"), [0, -10, 10, -10, 0]);
    let text = StringArray::from(vec!["iceberg", "日本語のテキスト", "😀😀😀", "é", ""]);
    let cut: Vec<_> = apply(text, "truncate[2]").into_iter().map(|v| String::from_utf8(v.unwrap()).unwrap()).collect();
    assert_eq!(cut, ["ic", "日本", "😀😀", "é", ""]);
    let binary = BinaryArray::from_vec(vec![&[1, 2, 3, 4], &[9]]);
    assert_eq!(apply(binary, "truncate[3]"), [Some(vec![1, 2, 3]), Some(vec![9])]);
    let decimals = Decimal128Array::from(vec![1_065, -1, 99_999_999_999_999_999_999_999_999_999_999_999_999])
        .with_precision_and_scale(38, 2)
        .unwrap();
    let cut = apply(decimals, "truncate[50]");
    assert_eq!(cut[..2], [Some(vec![0x04, 0x1a]), Some(vec![0xce])]);
}

#[test]
fn single_values_have_the_bytes_of_appendix_d() {
    assert_eq!(
        apply(BooleanArray::from(vec![Some(true), Some(false), None]), "identity"),
        [Some(vec![1]), Some(vec![0]), None]
    );
    assert_eq!(apply(Int32Array::from(vec![-2]), "identity"), [Some(vec![0xfe, 0xff, 0xff, 0xff])]);
    assert_eq!(apply(Int64Array::from(vec![1]), "identity"), [Some(vec![1, 0, 0, 0, 0, 0, 0, 0])]);
    let nan = f32::from_bits(0xffc0_0001);
    assert_eq!(
        apply(Float32Array::from(vec![nan, -0.0]), "identity"),
        [Some(vec![0, 0, 0xc0, 0x7f]), Some(vec![0, 0, 0, 0x80])]
    );
    assert_eq!(apply(Float64Array::from(vec![f64::NAN]), "identity"), [Some(vec![0, 0, 0, 0, 0, 0, 0xf8, 0x7f])]);
    let decimals =
        Decimal128Array::from(vec![0, 127, 128, -128, -129, 1i128 << 100]).with_precision_and_scale(38, 0).unwrap();
    let mut big = vec![0x10];
    big.extend([0; 12]);
    let expected = [vec![0], vec![127], vec![0, 128], vec![0x80], vec![0xff, 0x7f], big];
    assert_eq!(apply(decimals, "identity"), expected.map(Some));
    assert_eq!(apply(StringArray::from(vec!["é"]), "identity"), [Some(vec![0xc3, 0xa9])]);
    assert_eq!(apply(Int32Array::from(vec![5]), "void"), [None]);
}

#[test]
fn a_transform_that_is_not_known_or_does_not_apply_is_refused() {
    for text in
        ["bucket", "bucket[0]", "bucket[-1]", "bucket[x]", "truncate[]", "zorder", "", "Identity", "bucket[4294967296]"]
    {
        assert_eq!(Transform::parse(text).unwrap_err().code, "UNSUPPORTED", "{text}");
    }
    let refused: Vec<(ArrayRef, &str)> = vec![
        (Arc::new(Float64Array::from(vec![1.0])), "bucket[4]"),
        (Arc::new(BooleanArray::from(vec![true])), "bucket[4]"),
        (Arc::new(Float32Array::from(vec![1.0])), "truncate[4]"),
        (Arc::new(Date32Array::from(vec![1])), "truncate[4]"),
        (Arc::new(Date32Array::from(vec![1])), "hour"),
        (Arc::new(Int64Array::from(vec![1])), "year"),
        (Arc::new(StringArray::from(vec!["x"])), "day"),
        (Arc::new(FixedSizeBinaryArray::new(2, vec![1u8, 2].into(), None)), "truncate[1]"),
        (Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1)])])), "identity"),
    ];
    for (column, transform) in refused {
        let error = Transform::parse(transform).unwrap().apply(std::slice::from_ref(&column), None).err().unwrap();
        assert_eq!(error.code, "INVALID_ARGUMENT", "{transform} of {:?}", column.data_type());
        assert!(error.message.contains(transform));
    }
}
