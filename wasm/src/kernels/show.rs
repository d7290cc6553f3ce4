//! A source value as text, for messages.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrowPrimitiveType};
use arrow_buffer::i256;
use arrow_schema::{DataType, TimeUnit};

use super::bytes::ByteRows;
use super::civil;
use super::plan::per_second;
use crate::hex::hex;

const MAX_CHARS: usize = 100;

/// The value at `i`, cut at 100 characters.
pub fn value(array: &dyn Array, i: usize) -> String {
    let text = whole(array, i);
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn raw<T: ArrowPrimitiveType>(array: &dyn Array, i: usize) -> T::Native {
    array.as_primitive::<T>().value(i)
}

fn whole(array: &dyn Array, i: usize) -> String {
    match array.data_type() {
        DataType::Boolean => array.as_boolean().value(i).to_string(),
        DataType::Int8 => raw::<Int8Type>(array, i).to_string(),
        DataType::Int16 => raw::<Int16Type>(array, i).to_string(),
        DataType::Int32 => raw::<Int32Type>(array, i).to_string(),
        DataType::Int64 => raw::<Int64Type>(array, i).to_string(),
        DataType::UInt8 => raw::<UInt8Type>(array, i).to_string(),
        DataType::UInt16 => raw::<UInt16Type>(array, i).to_string(),
        DataType::UInt32 => raw::<UInt32Type>(array, i).to_string(),
        DataType::UInt64 => raw::<UInt64Type>(array, i).to_string(),
        DataType::Float16 => raw::<Float16Type>(array, i).to_f64().to_string(),
        DataType::Float32 => raw::<Float32Type>(array, i).to_string(),
        DataType::Float64 => raw::<Float64Type>(array, i).to_string(),
        DataType::Decimal32(_, s) => decimal(i256::from_i128(raw::<Decimal32Type>(array, i).into()), *s),
        DataType::Decimal64(_, s) => decimal(i256::from_i128(raw::<Decimal64Type>(array, i).into()), *s),
        DataType::Decimal128(_, s) => decimal(i256::from_i128(raw::<Decimal128Type>(array, i)), *s),
        DataType::Decimal256(_, s) => decimal(raw::<Decimal256Type>(array, i), *s),
        DataType::Date32 => date(raw::<Date32Type>(array, i).into()),
        DataType::Date64 => timestamp(raw::<Date64Type>(array, i), TimeUnit::Millisecond),
        DataType::Time32(TimeUnit::Second) => clock(raw::<Time32SecondType>(array, i).into(), TimeUnit::Second),
        DataType::Time32(_) => clock(raw::<Time32MillisecondType>(array, i).into(), TimeUnit::Millisecond),
        DataType::Time64(TimeUnit::Microsecond) => clock(raw::<Time64MicrosecondType>(array, i), TimeUnit::Microsecond),
        DataType::Time64(_) => clock(raw::<Time64NanosecondType>(array, i), TimeUnit::Nanosecond),
        DataType::Timestamp(unit, zone) => {
            let ticks = match unit {
                TimeUnit::Second => raw::<TimestampSecondType>(array, i),
                TimeUnit::Millisecond => raw::<TimestampMillisecondType>(array, i),
                TimeUnit::Microsecond => raw::<TimestampMicrosecondType>(array, i),
                TimeUnit::Nanosecond => raw::<TimestampNanosecondType>(array, i),
            };
            timestamp(ticks, *unit) + if zone.is_some() { "Z" } else { "" }
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => match ByteRows::of(array) {
            Some(rows) => format!("\"{}\"", String::from_utf8_lossy(rows.get(i))),
            None => String::new(),
        },
        _ => match ByteRows::of(array) {
            Some(rows) => hex(&rows.get(i)[..rows.len_of(i).min(MAX_CHARS)]),
            None => "the value".to_owned(),
        },
    }
}

fn decimal(unscaled: i256, scale: i8) -> String {
    let text = unscaled.to_string();
    if scale <= 0 {
        return if text == "0" { text } else { text + &"0".repeat(usize::from(scale.unsigned_abs())) };
    }
    let scale = scale as usize;
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |d| ("-", d));
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

fn date(days: i64) -> String {
    let (year, month, day) = civil::date_of(days);
    format!("{year:04}-{month:02}-{day:02}")
}

fn clock(ticks: i64, unit: TimeUnit) -> String {
    let per = per_second(unit);
    let digits = per.ilog10() as usize;
    let (seconds, rest) = (ticks.div_euclid(per), ticks.rem_euclid(per));
    let text = format!(
        "{:02}:{:02}:{:02}",
        seconds.div_euclid(3_600),
        seconds.div_euclid(60).rem_euclid(60),
        seconds.rem_euclid(60)
    );
    if digits == 0 { text } else { format!("{text}.{rest:0digits$}") }
}

fn timestamp(ticks: i64, unit: TimeUnit) -> String {
    let day = 86_400 * per_second(unit);
    format!("{}T{}", date(ticks.div_euclid(day)), clock(ticks.rem_euclid(day), unit))
}
