//! Text looked at eight bytes at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

#[inline]
fn word(text: &[u8], at: usize) -> Option<u64> {
    text.get(at..)?.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes))
}

/// The high bit of each zero byte; above the first of them also of others.
#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}

/// Where the next quote, backslash or control character is; the end of the text when there is none.
#[inline]
pub fn plain_end(text: &[u8], mut at: usize) -> usize {
    while let Some(word) = word(text, at) {
        let quote = zeros(word ^ (ONES * b'"' as u64));
        let backslash = zeros(word ^ (ONES * b'\\' as u64));
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        // The lowest bit is right: a borrow reaches only the bytes above a hit.
        let hits = quote | backslash | control;
        if hits != 0 {
            return at + hits.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while text.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        at += 1;
    }
    at
}

/// The digits from `at` on, after those that `value` holds, and where they end. More than 19 in all overflow.
#[inline]
pub fn digits(text: &[u8], mut at: usize, mut value: u64) -> (u64, usize) {
    while let Some(word) = word(text, at).filter(|word| eight_digits(*word)) {
        value = value.wrapping_mul(100_000_000).wrapping_add(value_of_eight(word));
        at += 8;
    }
    while let Some(digit) = text.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    (value, at)
}

#[inline]
fn eight_digits(word: u64) -> bool {
    const THREES: u64 = ONES * 0x30;
    // Neither below '0' nor, six more, above what starts with a 3.
    ((word & (ONES * 0xf0)) | ((word.wrapping_add(ONES * 6) & (ONES * 0xf0)) >> 4)) == THREES | (THREES >> 4)
}

/// Of eight digits, the first of which is the lowest byte.
#[inline]
fn value_of_eight(word: u64) -> u64 {
    let word = word & (ONES * 0x0f);
    // Pairs, fours, all: each step adds the lower part times its power of ten to the upper one.
    let pairs = (word.wrapping_mul(2_561) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(6_553_601) >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(42_949_672_960_001) >> 32
}

/// The text, when all of it is ASCII.
#[inline]
pub fn ascii(text: &[u8]) -> Option<&str> {
    let (words, tail) = text.as_chunks::<8>();
    let bits = words.iter().fold(0, |bits, word| bits | u64::from_le_bytes(*word));
    let bits = tail.iter().fold(bits, |bits, byte| bits | u64::from(*byte));
    // SAFETY: no byte has its high bit, so each is a character.
    (bits & HIGH == 0).then(|| unsafe { std::str::from_utf8_unchecked(text) })
}

/// Whether `text` has `wanted` at `at`; a call of `memcmp` costs more than a short name.
#[inline]
pub fn has_at(text: &[u8], at: usize, wanted: &[u8]) -> bool {
    let Some(found) = text.get(at..).and_then(|rest| rest.get(..wanted.len())) else { return false };
    let (words, tail) = found.as_chunks::<8>();
    let (wanted_words, wanted_tail) = wanted.as_chunks::<8>();
    words.iter().zip(wanted_words).all(|(a, b)| u64::from_le_bytes(*a) == u64::from_le_bytes(*b))
        && tail.iter().zip(wanted_tail).all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Bytes near those that are looked for.
    fn texts() -> impl Strategy<Value = Vec<u8>> {
        vec(
            prop_oneof![8 => 0x20u8..0x80, 2 => b'0'..=b'9', 1 => any::<u8>(), 1 => prop_oneof![
                Just(b'"'), Just(b'!'), Just(b'#'), Just(b'\\'), Just(b'['), Just(0x1f), Just(0xa2), Just(0xdc), Just(0x9f)
            ]],
            0..40,
        )
    }

    proptest! {
        #[test]
        fn a_string_ends_at_the_first_byte_that_is_not_plain(text in texts(), at in 0usize..40) {
            let at = at.min(text.len());
            let slow = text[at..].iter().take_while(|b| !matches!(b, b'"' | b'\\' | 0..=0x1f)).count();
            prop_assert_eq!(plain_end(&text, at), at + slow);
        }

        #[test]
        fn digits_end_where_they_do_and_count(text in "[0-9]{0,19}", rest in texts()) {
            prop_assume!(!rest.first().is_some_and(u8::is_ascii_digit));
            let whole = [text.as_bytes(), &rest].concat();
            prop_assert_eq!(digits(&whole, 0, 0), (text.parse().unwrap_or(0), text.len()));
        }

        #[test]
        fn any_eight_bytes_are_digits_or_not(bytes in any::<[u8; 8]>(), near in vec(0x2eu8..0x3c, 8)) {
            for bytes in [&bytes[..], &near] {
                let word = word(bytes, 0).unwrap();
                prop_assert_eq!(eight_digits(word), bytes.iter().all(u8::is_ascii_digit));
            }
        }

        #[test]
        fn ascii_is_told_from_other_text(text in texts(), wanted in texts()) {
            prop_assert_eq!(ascii(&text).is_some(), text.is_ascii());
            prop_assert_eq!(has_at(&text, 0, &wanted), text.starts_with(&wanted));
            prop_assert!(has_at(&[&wanted[..], &text].concat(), wanted.len(), &text));
        }
    }
}
