//! What each column type takes as text, and the words for what it does not.

use arrow_schema::TimeUnit;

use super::number::{self, Unfit};
use super::time;

/// Why a value is refused; read after the column's name.
pub type Reason = String;

/// A value as text, cut for a message.
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("\"{}…\"", &text[..end]),
        None => format!("\"{text}\""),
    }
}

fn not(text: &str, what: &str) -> Reason {
    format!("{} is not {what}", shown(text))
}

fn unfit(text: &str, e: Unfit, what: &str) -> Reason {
    match e {
        Unfit::NotANumber => not(text, what),
        Unfit::Fraction => format!("{} has more digits after the point than {what} keeps", shown(text)),
        Unfit::TooLarge => format!("{} does not fit into {what}", shown(text)),
    }
}

pub fn boolean(text: &str) -> Result<bool, Reason> {
    if text.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(not(text, "true or false"))
    }
}

pub fn long(text: &str) -> Result<i64, Reason> {
    number::long(text).map_err(|e| unfit(text, e, "a 64-bit integer"))
}

pub fn int(text: &str) -> Result<i32, Reason> {
    let value = number::long(text).map_err(|e| unfit(text, e, "a 32-bit integer"))?;
    i32::try_from(value).map_err(|_| unfit(text, Unfit::TooLarge, "a 32-bit integer"))
}

pub fn double(text: &str) -> Result<f64, Reason> {
    number::double(text).map_err(|e| unfit(text, e, "a 64-bit floating point number"))
}

pub fn float(text: &str) -> Result<f32, Reason> {
    number::float(text).map_err(|e| unfit(text, e, "a 32-bit floating point number"))
}

pub fn decimal(text: &str, precision: u8, scale: i8) -> Result<i128, Reason> {
    number::decimal(text, precision, scale).map_err(|e| unfit(text, e, &format!("a decimal({precision}, {scale})")))
}

/// Days since the epoch.
pub fn date(text: &str) -> Result<i32, Reason> {
    time::date(text).ok_or_else(|| not(text, "a date (YYYY-MM-DD)"))
}

/// Microseconds or nanoseconds since midnight.
pub fn time_of_day(text: &str, unit: TimeUnit) -> Result<i64, Reason> {
    let nanos = time::time(text).ok_or_else(|| not(text, "a time (HH:MM:SS)"))?;
    let per_unit = nanos_per(unit);
    if nanos % per_unit != 0 {
        return Err(format!("{} is finer than the column keeps", shown(text)));
    }
    Ok(nanos / per_unit)
}

fn nanos_per(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1000,
        TimeUnit::Nanosecond => 1,
    }
}

/// In the column's unit since the epoch. An offset is asked for where the column is of instants, and refused where it
/// is of local times: either way round a value would change.
pub fn timestamp(text: &str, unit: TimeUnit, instant: bool) -> Result<i64, Reason> {
    let Some(parsed) = time::timestamp(text) else {
        let example = if instant { "YYYY-MM-DDTHH:MM:SSZ" } else { "YYYY-MM-DDTHH:MM:SS" };
        return Err(not(text, &format!("a timestamp ({example})")));
    };
    if parsed.has_offset != instant {
        return Err(if instant {
            format!("{} has no offset from UTC (Z or +hh:mm), which the column needs", shown(text))
        } else {
            format!("{} has an offset from UTC, which the column does not keep", shown(text))
        });
    }
    // Divisions by numbers that the compiler knows; by others they are slow.
    let (per_second, part) = match unit {
        TimeUnit::Second => (1, whole_part::<1_000_000_000>(parsed.nanos)),
        TimeUnit::Millisecond => (1_000, whole_part::<1_000_000>(parsed.nanos)),
        TimeUnit::Microsecond => (1_000_000, whole_part::<1_000>(parsed.nanos)),
        TimeUnit::Nanosecond => (1_000_000_000, Some(parsed.nanos)),
    };
    let Some(part) = part.map(i64::from) else {
        return Err(format!("{} is finer than the column keeps", shown(text)));
    };
    // A product that may need 128 bits is slow.
    if per_second <= 1_000_000 && parsed.seconds.unsigned_abs() < 1 << 40 {
        return Ok(parsed.seconds * per_second + part);
    }
    let units = i128::from(parsed.seconds) * i128::from(per_second) + i128::from(part);
    i64::try_from(units).map_err(|_| unfit(text, Unfit::TooLarge, "a 64-bit timestamp"))
}

/// Nanoseconds in units of `PER_UNIT` of them.
fn whole_part<const PER_UNIT: u32>(nanos: u32) -> Option<u32> {
    nanos.is_multiple_of(PER_UNIT).then_some(nanos / PER_UNIT)
}

/// Sixteen bytes, with hyphens at 8-4-4-4-12 or without any.
pub fn uuid(text: &str) -> Result<[u8; 16], Reason> {
    crate::hex::uuid(text.as_bytes()).ok_or_else(|| not(text, "a UUID"))
}

/// Bytes as pairs of hexadecimal digits, `0x` or `\x` before them or not.
pub fn hex(text: &str, out: &mut Vec<u8>) -> Result<(), Reason> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("\\x")).unwrap_or(text).as_bytes();
    let (pairs, odd) = digits.as_chunks::<2>();
    let start = out.len();
    out.extend(pairs.iter().map_while(|pair| crate::hex::byte(*pair)));
    if odd.is_empty() && out.len() - start == pairs.len() {
        return Ok(());
    }
    out.truncate(start);
    Err(not(text, "bytes as pairs of hexadecimal digits"))
}

/// Without spaces and tabs around it.
#[inline]
pub fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [b' ' | b'\t', ..] | [.., b' ' | b'\t'] => text.trim_matches([' ', '\t']),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_must_fit_the_column() {
        let us = TimeUnit::Microsecond;
        assert_eq!(timestamp("1970-01-01T01:00:00+01:00", us, true), Ok(0));
        assert_eq!(timestamp("1970-01-01T00:00:01.5", us, false), Ok(1_500_000));
        assert_eq!(timestamp("1969-12-31T23:59:59.999999", us, false), Ok(-1));
        assert!(timestamp("1970-01-01T00:00:00", us, true).unwrap_err().contains("no offset"));
        assert!(timestamp("1970-01-01T00:00:00Z", us, false).unwrap_err().contains("an offset"));
        assert!(timestamp("1970-01-01T00:00:00.1234567", us, false).unwrap_err().contains("finer"));
        assert!(timestamp("2300-01-01", TimeUnit::Nanosecond, false).unwrap_err().contains("does not fit"));
        assert_eq!(timestamp("2300-01-01", us, false), Ok(10_413_792_000_000_000));
    }

    #[test]
    fn uuids_and_bytes() {
        let bytes = uuid("f79c3e09-677c-4bbd-a479-3f349cb785e7").unwrap();
        assert_eq!(uuid("F79C3E09677C4BBDA4793F349CB785E7"), Ok(bytes));
        for bad in [
            "f79c3e09-677c-4bbd-a479-3f349cb785e",
            "f79c3e0-9677c-4bbd-a479-3f349cb785e7",
            "é79c3e09-677c-4bbd-a479-3f349cb785e",
        ] {
            assert!(uuid(bad).is_err());
        }
        let mut out = Vec::new();
        hex("0x00ffAB", &mut out).unwrap();
        assert_eq!(out, [0, 255, 0xab]);
        assert!(hex("0", &mut out).is_err() && hex("00zz", &mut out).is_err());
        assert_eq!(out.len(), 3);
    }

    #[test]
    fn a_long_value_is_cut_in_messages() {
        assert!(long(&"x".repeat(5000)).unwrap_err().len() < 200);
    }
}
