//! Numbers as they mostly come, at one look: a sign, some digits, a point and some more. Whatever else there is (more
//! digits, exponents, leading zeros) is left to `number`, which is slower.

use super::number::POWERS_OF_TEN;
use super::swar;

/// `digits / 10^scale`, negative or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain {
    pub negative: bool,
    pub digits: u64,
    /// Digits after the point.
    pub scale: u32,
}

/// So many digits fit 64 bits.
const MAX_DIGITS: usize = 19;

/// The number that `text` starts with, as JSON writes it, and the bytes it takes.
#[inline(always)]
pub fn prefix(text: &[u8]) -> Option<(Plain, usize)> {
    let negative = text.first() == Some(&b'-');
    let start = usize::from(negative);
    let (whole, mut at) = swar::digits(text, start, 0);
    let (mut digits, mut scale) = (whole, 0);
    if at == start || at > start + 1 && text[start] == b'0' {
        return None;
    }
    let mut count = at - start;
    if text.get(at) == Some(&b'.') {
        let point = at;
        (digits, at) = swar::digits(text, point + 1, whole);
        scale = at - point - 1;
        count += scale;
        if scale == 0 {
            return None;
        }
    }
    if count > MAX_DIGITS || matches!(text.get(at), Some(b'e' | b'E')) {
        return None;
    }
    Some((Plain { negative, digits, scale: scale as u32 }, at))
}

impl Plain {
    /// All of `text`.
    pub fn of(text: &[u8]) -> Option<Self> {
        prefix(text).filter(|(_, end)| *end == text.len()).map(|(plain, _)| plain)
    }

    /// None: it has digits after the point, or does not fit.
    #[inline]
    pub fn whole(self) -> Option<i64> {
        let value = i64::try_from(self.digits).ok().filter(|_| self.scale == 0)?;
        Some(if self.negative { -value } else { value })
    }

    /// The unscaled value of a decimal(precision, scale); None: more digits after the point, or does not fit.
    #[inline]
    pub fn decimal(self, precision: u8, scale: i8) -> Option<i128> {
        let shift = u32::try_from(i64::from(scale) - i64::from(self.scale)).ok()?;
        let value = self.digits.checked_mul(*POWERS_OF_TEN.get(shift as usize)?)?;
        // Any value of 64 bits fits the precisions that have no power here.
        if POWERS_OF_TEN.get(usize::from(precision)).is_some_and(|limit| value >= *limit) {
            return None;
        }
        Some(if self.negative { -i128::from(value) } else { i128::from(value) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::number;

    #[test]
    fn only_what_json_calls_a_number_is_plain() {
        let plain = |negative, digits, scale| Some(Plain { negative, digits, scale });
        for (text, found) in [
            ("0", plain(false, 0, 0)),
            ("-0", plain(true, 0, 0)),
            ("-12.50", plain(true, 1250, 2)),
            ("9999999999999999999", plain(false, 9_999_999_999_999_999_999, 0)),
            ("0.000000000000000001", plain(false, 1, 18)),
            ("0.0000000000000000001", None),
            ("12345678901234567890", None),
            ("", None),
            ("-", None),
            (".5", None),
            ("5.", None),
            ("00", None),
            ("01.5", None),
            ("+1", None),
            ("1e3", None),
            ("1.5E3", None),
            ("1.5.", None),
            (" 1", None),
        ] {
            assert_eq!(Plain::of(text.as_bytes()), found, "{text}");
        }
        assert_eq!(prefix(b"12,3"), Some((Plain { negative: false, digits: 12, scale: 0 }, 2)));
        assert_eq!(prefix(b"1.5.2").map(|(_, end)| end), Some(3));
    }

    proptest! {
        #[test]
        fn it_is_what_the_slow_way_reads(text in "-?(0|[1-9][0-9]{0,20})([.][0-9]{1,20})?", precision in 1u8..39, scale in -3i8..39) {
            if let Some(plain) = Plain::of(text.as_bytes()) {
                if let Some(value) = plain.whole() {
                    prop_assert_eq!(Ok(value), number::slow_long(&text));
                }
                if let Some(value) = plain.decimal(precision, scale) {
                    prop_assert_eq!(Ok(value), number::slow_decimal(&text, precision, scale));
                }
            } else {
                prop_assert!(text.len() > MAX_DIGITS);
            }
        }
    }
}
