//! Numbers from text, exactly.

use super::double::nearest;
use super::plain::Plain;

/// Those that 64 bits hold.
pub const POWERS_OF_TEN: [u64; 20] = {
    let mut powers = [1; 20];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = 10 * powers[at - 1];
        at += 1;
    }
    powers
};

/// An optional sign, digits with at most one point, an optional exponent: digits without leading zeros, and the power
/// of ten they are to be multiplied with.
struct Digits {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

fn scan(text: &str) -> Option<Digits> {
    let bytes = text.as_bytes();
    let (negative, rest) = match bytes.first()? {
        b'-' => (true, &bytes[1..]),
        b'+' => (false, &bytes[1..]),
        _ => (false, bytes),
    };
    let end = rest.iter().position(|b| matches!(b, b'e' | b'E')).unwrap_or(rest.len());
    let (mantissa, power) = rest.split_at(end);
    let mut exponent = 0i64;
    if let Some((_, power)) = power.split_first() {
        // Beyond this the value is zero or fits no decimal, whatever the digits are.
        exponent = std::str::from_utf8(power).ok()?.parse::<i64>().ok()?.clamp(-100_000_000, 100_000_000);
    }
    let mut digits = Vec::with_capacity(mantissa.len());
    let (mut seen, mut point) = (false, false);
    for byte in mantissa {
        match byte {
            b'0'..=b'9' => {
                seen = true;
                if *byte != b'0' || !digits.is_empty() {
                    digits.push(byte - b'0');
                }
                exponent -= i64::from(point);
            }
            b'.' if !point => point = true,
            _ => return None,
        }
    }
    seen.then_some(Digits { negative, digits, exponent })
}

#[derive(Debug, PartialEq, Eq)]
pub enum Unfit {
    NotANumber,
    /// More digits after the point than the scale keeps, and not zeros.
    Fraction,
    TooLarge,
}

/// The unscaled value of a decimal(precision, scale).
pub fn decimal(text: &str, precision: u8, scale: i8) -> Result<i128, Unfit> {
    match Plain::of(text.as_bytes()).and_then(|number| number.decimal(precision, scale)) {
        Some(value) => Ok(value),
        None => slow_decimal(text, precision, scale),
    }
}

pub(super) fn slow_decimal(text: &str, precision: u8, scale: i8) -> Result<i128, Unfit> {
    let Digits { negative, mut digits, exponent } = scan(text).ok_or(Unfit::NotANumber)?;
    if digits.is_empty() {
        return Ok(0);
    }
    let mut shift = exponent + i64::from(scale);
    while shift < 0 && digits.last() == Some(&0) {
        digits.pop();
        shift += 1;
    }
    if shift < 0 {
        return Err(Unfit::Fraction);
    }
    if digits.len() as i64 + shift > i64::from(precision) {
        return Err(Unfit::TooLarge);
    }
    let value = digits.iter().fold(0i128, |n, d| n * 10 + i128::from(*d)) * 10i128.pow(shift as u32);
    Ok(if negative { -value } else { value })
}

/// A whole number; `1.0` and `1e3` are whole too.
pub fn long(text: &str) -> Result<i64, Unfit> {
    match Plain::of(text.as_bytes()).and_then(Plain::whole) {
        Some(value) => Ok(value),
        None => slow_long(text),
    }
}

pub(super) fn slow_long(text: &str) -> Result<i64, Unfit> {
    i64::try_from(slow_decimal(text, 38, 0)?).map_err(|_| Unfit::TooLarge)
}

/// The nearest double; what is too large for one is unfit, and not infinity. `NaN`, `inf` and `infinity` in any case.
pub fn double(text: &str) -> Result<f64, Unfit> {
    if let Some(number) = Plain::of(text.as_bytes())
        && let Some(value) = nearest(number.digits, number.scale)
    {
        return Ok(if number.negative { -value } else { value });
    }
    let value: f64 = text.parse().map_err(|_| Unfit::NotANumber)?;
    if value.is_infinite() && text.bytes().any(|b| b.is_ascii_digit()) {
        return Err(Unfit::TooLarge);
    }
    Ok(value)
}

pub fn float(text: &str) -> Result<f32, Unfit> {
    let value: f32 = text.parse().map_err(|_| Unfit::NotANumber)?;
    if value.is_infinite() && text.bytes().any(|b| b.is_ascii_digit()) {
        return Err(Unfit::TooLarge);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_or_refused() {
        for (text, precision, scale, value) in [
            ("1.25", 9, 2, Ok(125)),
            ("-0.5", 9, 2, Ok(-50)),
            ("1.2500", 9, 2, Ok(125)),
            ("1.255", 9, 2, Err(Unfit::Fraction)),
            ("1e3", 9, 2, Ok(100_000)),
            ("125e-2", 9, 2, Ok(125)),
            ("+.5", 9, 2, Ok(50)),
            ("5.", 9, 2, Ok(500)),
            ("0e999999999999", 9, 2, Ok(0)),
            ("1e999999999999", 9, 2, Err(Unfit::TooLarge)),
            ("1e-999999999999", 9, 2, Err(Unfit::Fraction)),
            ("9999999.99", 9, 2, Ok(999_999_999)),
            ("10000000.00", 9, 2, Err(Unfit::TooLarge)),
            ("99999999999999999999999999999999999999", 38, 0, Ok(10i128.pow(38) - 1)),
            ("1200", 5, -2, Ok(12)),
            ("", 9, 2, Err(Unfit::NotANumber)),
            (".", 9, 2, Err(Unfit::NotANumber)),
            ("1.2.3", 9, 2, Err(Unfit::NotANumber)),
            ("1e", 9, 2, Err(Unfit::NotANumber)),
            ("0x10", 9, 2, Err(Unfit::NotANumber)),
        ] {
            assert_eq!(decimal(text, precision, scale), value, "{text}");
        }
    }

    #[test]
    fn longs_do_not_pass_through_doubles() {
        assert_eq!(long("9223372036854775807"), Ok(i64::MAX));
        assert_eq!(long("-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(long("9223372036854775808"), Err(Unfit::TooLarge));
        assert_eq!(long("9007199254740993.0"), Ok(9_007_199_254_740_993));
        assert_eq!(long("1.5"), Err(Unfit::Fraction));
        assert_eq!(long("1e18"), Ok(10i64.pow(18)));
        assert_eq!(long("1e19"), Err(Unfit::TooLarge));
        assert_eq!(long("abc"), Err(Unfit::NotANumber));
    }

    #[test]
    fn doubles_never_overflow_silently() {
        assert!(double("NaN").unwrap().is_nan());
        assert_eq!(double("-Infinity"), Ok(f64::NEG_INFINITY));
        assert_eq!(double("1e400"), Err(Unfit::TooLarge));
        assert_eq!(float("1e39"), Err(Unfit::TooLarge));
        assert_eq!(double("0.1"), Ok(0.1));
        assert_eq!(double("1_000"), Err(Unfit::NotANumber));
    }
}
