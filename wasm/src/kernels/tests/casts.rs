//! Lossless casts, and the values that are refused.

use std::sync::Arc;

use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::{NullBuffer, i256};
use arrow_schema::{DataType, TimeUnit};
use half::f16;

use super::align::{align, batch, optional};
use super::random::Random;
use crate::error::EngineError;

fn cast(source: ArrayRef, target: DataType) -> Result<ArrayRef, EngineError> {
    let given = batch(vec![(optional("c", source.data_type().clone()), source)]);
    align(&given, vec![optional("c", target)]).map(|out| out.column(0).clone())
}

/// All rows of `source` become those of `expected`, and stay right in a slice.
fn fits(source: impl Array + 'static, expected: impl Array + 'static) {
    let (source, expected): (ArrayRef, ArrayRef) = (Arc::new(source), Arc::new(expected));
    let what = format!("{} to {}", source.data_type(), expected.data_type());
    let out = cast(source.clone(), expected.data_type().clone()).unwrap_or_else(|e| panic!("{what}: {e}"));
    assert_eq!(&out, &expected, "{what}");
    let (from, to) = (source.slice(1, source.len() - 1), expected.slice(1, source.len() - 1));
    assert_eq!(cast(from, to.data_type().clone()).unwrap().as_ref(), to.as_ref(), "{what}, sliced");
}

/// The value in row 1 is refused and named, row 0 is not; nor is row 1 when it is null.
fn refused(source: impl Array + 'static, target: DataType, shown: &str) {
    let what = format!("{} to {target}", source.data_type());
    let source: ArrayRef = Arc::new(source);
    let error = cast(source.clone(), target.clone()).err().unwrap_or_else(|| panic!("{what} fits"));
    assert_eq!((error.code, error.row, error.column.as_deref()), ("INVALID_VALUE", Some(1), Some("c")), "{what}");
    assert!(error.message.contains(shown), "{what}: {}", error.message);
    let data = source.to_data().into_builder().nulls(Some(NullBuffer::from(vec![true, false]))).build().unwrap();
    assert!(cast(make_array(data), target).is_ok(), "{what}, null");
}

fn dec(values: Vec<i128>, precision: u8, scale: i8) -> Decimal128Array {
    Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap()
}

#[test]
fn integers() {
    fits(Int8Array::from(vec![Some(-1), None, Some(127)]), Int32Array::from(vec![Some(-1), None, Some(127)]));
    fits(UInt8Array::from(vec![255, 0]), Int64Array::from(vec![255, 0]));
    fits(UInt16Array::from(vec![65_535, 0]), Int32Array::from(vec![65_535, 0]));
    fits(UInt32Array::from(vec![u32::MAX, 0]), Int64Array::from(vec![i64::from(u32::MAX), 0]));
    fits(UInt64Array::from(vec![i64::MAX as u64, 0]), Int64Array::from(vec![i64::MAX, 0]));
    fits(Int64Array::from(vec![i64::from(i32::MIN), 5]), Int32Array::from(vec![i32::MIN, 5]));
    fits(Int64Array::from(vec![1 << 53, -7]), Float64Array::from(vec![9_007_199_254_740_992.0, -7.0]));
    fits(Int32Array::from(vec![1 << 24, -7]), Float32Array::from(vec![16_777_216.0, -7.0]));
    fits(UInt64Array::from(vec![1 << 63, 0]), Float64Array::from(vec![9_223_372_036_854_775_808.0, 0.0]));
    fits(UInt64Array::from(vec![u64::MAX, 0]), dec(vec![u64::MAX.into(), 0], 20, 0));
    fits(Int32Array::from(vec![5, -5]), dec(vec![500, -500], 5, 2));
    refused(Int64Array::from(vec![0, 1 << 31]), DataType::Int32, "2147483648");
    refused(UInt32Array::from(vec![0, u32::MAX]), DataType::Int32, "4294967295");
    refused(UInt64Array::from(vec![0, u64::MAX]), DataType::Int64, "18446744073709551615");
    refused(Int64Array::from(vec![0, (1 << 53) + 1]), DataType::Float64, "9007199254740993");
    refused(Int64Array::from(vec![0, i64::MAX]), DataType::Float64, "9223372036854775807");
    refused(Int32Array::from(vec![0, (1 << 24) + 1]), DataType::Float32, "16777217");
    refused(UInt64Array::from(vec![0, u64::MAX]), DataType::Float64, "18446744073709551615");
    refused(Int64Array::from(vec![0, 1000]), DataType::Decimal128(5, 2), "1000");
}

#[test]
fn floats() {
    fits(
        Float16Array::from(vec![f16::from_f32(1.5), f16::NEG_INFINITY]),
        Float32Array::from(vec![1.5, f32::NEG_INFINITY]),
    );
    fits(Float32Array::from(vec![0.1, f32::INFINITY]), Float64Array::from(vec![f64::from(0.1f32), f64::INFINITY]));
    fits(Float64Array::from(vec![0.5, -0.0]), Float32Array::from(vec![0.5, -0.0]));
    fits(Float64Array::from(vec![3.0, -9_223_372_036_854_775_808.0]), Int64Array::from(vec![3, i64::MIN]));
    fits(Float32Array::from(vec![3.0, -0.0]), Int32Array::from(vec![3, 0]));
    let nan = cast(Arc::new(Float64Array::from(vec![f64::NAN])), DataType::Float32).unwrap();
    assert!(nan.as_any().downcast_ref::<Float32Array>().unwrap().value(0).is_nan());
    refused(Float64Array::from(vec![0.5, 0.1]), DataType::Float32, "0.1");
    refused(Float64Array::from(vec![0.0, 1e300]), DataType::Float32, "1");
    refused(Float64Array::from(vec![0.0, 1.5]), DataType::Int64, "1.5");
    refused(Float64Array::from(vec![0.0, f64::NAN]), DataType::Int64, "NaN");
    refused(Float64Array::from(vec![0.0, f64::INFINITY]), DataType::Int32, "inf");
    refused(Float64Array::from(vec![0.0, 9_223_372_036_854_775_808.0]), DataType::Int64, "9223372036854776000");
    refused(Float32Array::from(vec![0.0, 3e9]), DataType::Int32, "3000000000");
}

#[test]
fn decimals() {
    let d32 = Decimal32Array::from(vec![12_345, -1]).with_precision_and_scale(9, 2).unwrap();
    fits(d32, dec(vec![1_234_500, -100], 12, 4));
    let d64 = Decimal64Array::from(vec![12_300, 0]).with_precision_and_scale(18, 2).unwrap();
    fits(d64, dec(vec![1_230, 0], 5, 1));
    fits(dec(vec![12_300, 0], 38, 2), Int32Array::from(vec![123, 0]));
    fits(dec(vec![123, 0], 38, -2), Int64Array::from(vec![12_300, 0]));
    let wide = i256::from_i128(7).checked_mul(i256::from_string(&format!("1{}", "0".repeat(40))).unwrap()).unwrap();
    let d256 = Decimal256Array::from(vec![wide, i256::from_i128(0)]).with_precision_and_scale(76, 40).unwrap();
    fits(d256, dec(vec![70, 0], 9, 1));
    refused(dec(vec![0, 125], 9, 2), DataType::Decimal128(9, 1), "1.25");
    refused(dec(vec![0, 99_999], 9, 2), DataType::Decimal128(4, 2), "999.99");
    refused(dec(vec![0, -5], 9, 3), DataType::Decimal128(9, 2), "-0.005");
    refused(dec(vec![0, 150], 9, 2), DataType::Int64, "1.50");
    refused(dec(vec![0, 1 << 70], 38, 0), DataType::Int64, "1180591620717411303424");
    refused(dec(vec![0, 10i128.pow(37)], 38, 0), DataType::Decimal128(38, 2), "10000000000000000000000000000000000000");
    refused(dec(vec![0, 1_000_000_000], 9, 2), DataType::Decimal128(9, 2), "10000000.00");
    let bad = Decimal256Array::from(vec![i256::ZERO, i256::MAX]).with_precision_and_scale(76, 0).unwrap();
    refused(
        bad,
        DataType::Decimal128(38, 0),
        "57896044618658097711785492504343953926634992332820282019728792003956564819967",
    );
}

#[test]
fn dates_and_times() {
    let day = 86_400_000i64;
    let utc = |unit| DataType::Timestamp(unit, Some("UTC".into()));
    fits(Date64Array::from(vec![day, -day]), Date32Array::from(vec![1, -1]));
    fits(Date32Array::from(vec![1, -1]), TimestampMicrosecondArray::from(vec![day * 1_000, -day * 1_000]));
    fits(Time32SecondArray::from(vec![86_399, 0]), Time64MicrosecondArray::from(vec![86_399_000_000, 0]));
    fits(Time32MillisecondArray::from(vec![1, 0]), Time64MicrosecondArray::from(vec![1_000, 0]));
    fits(Time64NanosecondArray::from(vec![5_000, 0]), Time64MicrosecondArray::from(vec![5, 0]));
    fits(TimestampSecondArray::from(vec![-1, 2]), TimestampMicrosecondArray::from(vec![-1_000_000, 2_000_000]));
    fits(TimestampMillisecondArray::from(vec![-1, 2]), TimestampNanosecondArray::from(vec![-1_000_000, 2_000_000]));
    fits(TimestampNanosecondArray::from(vec![-3_000, 2_000]), TimestampMicrosecondArray::from(vec![-3, 2]));
    let berlin = TimestampMicrosecondArray::from(vec![1, 2]).with_timezone("Europe/Berlin");
    fits(berlin, TimestampMicrosecondArray::from(vec![1, 2]).with_timezone("UTC"));
    let offset = TimestampSecondArray::from(vec![1, 2]).with_timezone("+02:00");
    fits(offset, TimestampNanosecondArray::from(vec![1_000_000_000, 2_000_000_000]).with_timezone("UTC"));
    refused(Date64Array::from(vec![0, day + 1]), DataType::Date32, "1970-01-02T00:00:00.001");
    refused(Date64Array::from(vec![0, i64::MAX / day * day]), DataType::Date32, "cannot be stored as date");
    refused(Time64NanosecondArray::from(vec![0, 1_500]), DataType::Time64(TimeUnit::Microsecond), "00:00:00.000001500");
    refused(Time32SecondArray::from(vec![0, 86_400]), DataType::Time64(TimeUnit::Microsecond), "24:00:00");
    refused(
        Time64MicrosecondArray::from(vec![0, 86_400_000_000]),
        DataType::Time64(TimeUnit::Microsecond),
        "24:00:00.000000",
    );
    refused(Time32SecondArray::from(vec![0, -1]), DataType::Time64(TimeUnit::Microsecond), "-1:59:59");
    let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
    refused(TimestampNanosecondArray::from(vec![0, -1]), micros.clone(), "1969-12-31T23:59:59.999999999");
    refused(
        TimestampSecondArray::from(vec![0, i64::MAX]),
        micros,
        "cannot be stored as timestamp[us] without time zone",
    );
    let far = TimestampMicrosecondArray::from(vec![0, i64::MAX]).with_timezone("UTC");
    refused(far, utc(TimeUnit::Nanosecond), "Z cannot be stored as timestamp[ns] with time zone (UTC)");
    refused(Date32Array::from(vec![0, i32::MAX]), DataType::Timestamp(TimeUnit::Nanosecond, None), "5881580-07-11");
}

#[test]
fn bytes_and_uuids() {
    let fixed = || FixedSizeBinaryArray::new(2, vec![1u8, 2, 3, 4].into(), None);
    fits(fixed(), BinaryArray::from_vec(vec![&[1, 2], &[3, 4]]));
    fits(BinaryArray::from_vec(vec![&[1, 2], &[3, 4]]), fixed());
    refused(BinaryArray::from_vec(vec![&[1, 2], &[3]]), DataType::FixedSizeBinary(2), "03");
    refused(BinaryArray::from_vec(vec![b"ok", &[0xed, 0xa0, 0x80]]), DataType::Utf8, "eda080");
    refused(LargeBinaryArray::from_vec(vec![b"ok", &[0xff; 200]]), DataType::Utf8, &("ff".repeat(50) + "…"));

    let uuid = |name: &str| {
        optional(name, DataType::FixedSizeBinary(16))
            .with_metadata([("ARROW:extension:name".to_owned(), "arrow.uuid".to_owned())])
    };
    let align_uuid = |texts: Vec<Option<&str>>| {
        let column: ArrayRef = Arc::new(StringViewArray::from(texts));
        align(&batch(vec![(optional("u", DataType::Utf8View), column)]), vec![uuid("u")])
    };
    let text = "f79c3e09-677c-4bbd-a479-3f349cb785e7";
    let out = align_uuid(vec![Some(text), None, Some(&text.replace('-', "").to_uppercase())]).unwrap();
    let out = out.column(0).as_any().downcast_ref::<FixedSizeBinaryArray>().unwrap();
    assert_eq!(out.value(0)[..4], [0xf7, 0x9c, 0x3e, 0x09]);
    assert!(out.is_null(1));
    assert_eq!(out.value(0), out.value(2));
    for bad in [
        "",
        "f79c3e09-677c-4bbd-a479-3f349cb785e",
        "f79c3e0-9677c-4bbd-a479-3f349cb785e7",
        "g79c3e09677c4bbda4793f349cb785e7",
    ] {
        let error = align_uuid(vec![None, Some(bad)]).unwrap_err();
        assert_eq!((error.code, error.row), ("INVALID_VALUE", Some(1)), "{bad}");
    }
}

#[test]
fn a_long_value_is_cut_in_the_message() {
    let long = "x".repeat(5_000);
    let column: ArrayRef = Arc::new(StringArray::from(vec![long.as_str()]));
    let target = optional("u", DataType::FixedSizeBinary(16))
        .with_metadata([("ARROW:extension:name".to_owned(), "arrow.uuid".to_owned())]);
    let error = align(&batch(vec![(optional("u", DataType::Utf8), column)]), vec![target]).unwrap_err();
    assert!(error.message.len() < 250 && error.message.contains('…'), "{}", error.message);
}

/// Integers as 128-bit numbers are what every cast between numbers must agree with.
#[test]
fn numbers_fit_exactly_when_they_come_back() {
    for seed in 0..2_000 {
        let mut random = Random::new(seed);
        let v = random.int() >> random.below(64);
        let source: ArrayRef = match random.below(4) {
            0 => Arc::new(Int64Array::from(vec![v])),
            1 => Arc::new(Int32Array::from(vec![v as i32])),
            2 => Arc::new(UInt64Array::from(vec![v as u64])),
            _ => Arc::new(UInt32Array::from(vec![v as u32])),
        };
        let exact: i128 = crate::kernels::show::value(&source, 0).parse().unwrap();
        let ok = |t: DataType| cast(source.clone(), t).is_ok();
        assert_eq!(ok(DataType::Int32), i32::try_from(exact).is_ok(), "{exact}");
        assert_eq!(ok(DataType::Int64), i64::try_from(exact).is_ok(), "{exact}");
        let digits =
            |bits: u32| exact == 0 || 128 - exact.unsigned_abs().leading_zeros() - exact.trailing_zeros() <= bits;
        assert_eq!(ok(DataType::Float64), digits(53), "{exact}");
        assert_eq!(ok(DataType::Float32), digits(24), "{exact}");
        assert_eq!(ok(DataType::Decimal128(12, 3)), exact.unsigned_abs() < 1_000_000_000, "{exact}");
    }
}

#[test]
fn a_cast_to_its_own_type_copies_nothing() {
    let column: ArrayRef = Arc::new(PrimitiveArray::<Int64Type>::from(vec![1, 2, 3]));
    let out = cast(column.clone(), DataType::Int64).unwrap();
    assert!(out.to_data().buffers()[0].ptr_eq(&column.to_data().buffers()[0]));
    let column: ArrayRef = Arc::new(dec(vec![5, -999_999_999], 9, 2));
    let out = cast(column.clone(), column.data_type().clone()).unwrap();
    assert!(out.to_data().buffers()[0].ptr_eq(&column.to_data().buffers()[0]));
}
