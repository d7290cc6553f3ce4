//! Casts of single numbers: the value, or None where it would be lost.

use arrow_buffer::i256;

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

pub fn to_i32(v: i64) -> Option<i32> {
    i32::try_from(v).ok()
}

/// Exact only: every integer up to 2^53, and those beyond that a double holds.
pub fn i64_to_f64(v: i64) -> Option<f64> {
    let f = v as f64;
    // The way back saturates at 2^63, which no i64 is.
    (f as i64 == v && f < TWO_TO_63).then_some(f)
}

pub fn i64_to_f32(v: i64) -> Option<f32> {
    let f = v as f32;
    (f as i64 == v && f64::from(f) < TWO_TO_63).then_some(f)
}

/// NaN and the infinities stay what they are.
pub fn f64_to_f32(v: f64) -> Option<f32> {
    let f = v as f32;
    (f64::from(f) == v || v.is_nan()).then_some(f)
}

pub fn f64_to_i64(v: f64) -> Option<i64> {
    ((-TWO_TO_63..TWO_TO_63).contains(&v) && v.trunc() == v).then_some(v as i64)
}

/// Changes the unit of a count of ticks: times `multiply`, or divided by `divide` without a rest.
pub fn rescale_ticks(v: i64, multiply: i64, divide: i64) -> Option<i64> {
    let v = v.checked_mul(multiply)?;
    (v % divide == 0).then_some(v / divide)
}

/// Whether microseconds are a time of day.
pub fn in_day(micros: i64) -> bool {
    (0..86_400_000_000).contains(&micros)
}

pub fn pow10(exponent: u32) -> Option<i128> {
    10i128.checked_pow(exponent)
}

/// Moves an unscaled value by `shift` digits (negative: digits are dropped, which must be zeros) into `precision` digits.
pub fn rescale(v: i128, shift: i32, precision: u8) -> Option<i128> {
    let moved = match pow10(shift.unsigned_abs()) {
        // More digits than any value has.
        None => (v == 0).then_some(0)?,
        Some(factor) if shift >= 0 => v.checked_mul(factor)?,
        Some(factor) => (v % factor == 0).then_some(v / factor)?,
    };
    let limit = pow10(precision.into())?;
    (-limit < moved && moved < limit).then_some(moved)
}

/// As `rescale`, from 256 bits: zeros are dropped before the value is narrowed.
pub fn rescale_wide(v: i256, shift: i32, precision: u8) -> Option<i128> {
    if shift >= 0 {
        return rescale(v.to_i128()?, shift, precision);
    }
    let ten = i256::from_i128(10);
    let mut v = v;
    for _ in 0..shift.unsigned_abs() {
        if v == i256::ZERO {
            break;
        }
        if v.checked_rem(ten)? != i256::ZERO {
            return None;
        }
        v = v.checked_div(ten)?;
    }
    rescale(v.to_i128()?, 0, precision)
}

pub fn u64_to_f64(v: u64) -> Option<f64> {
    let f = v as f64;
    (f as u64 == v && f < 2.0 * TWO_TO_63).then_some(f)
}
