//! Text looked at eight bytes at a time.

use super::number::POWERS_OF_TEN;

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
    while let Some(word) = word(text, at) {
        let (digits, count) = leading_digits(word);
        value = value.wrapping_mul(POWERS_OF_TEN[count]).wrapping_add(digits);
        at += count;
        if count < 8 {
            return (value, at);
        }
    }
    while let Some(digit) = text.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    (value, at)
}

/// The digits of a text that has them where the pattern has a `0`, and is the pattern elsewhere; 0 there.
#[inline]
pub fn digits_of(text: &[u8; 8], pattern: &[u8; 8]) -> Option<[u8; 8]> {
    let values = u64::from_le_bytes(*text) ^ u64::from_le_bytes(*pattern);
    let others = zeros(u64::from_le_bytes(*pattern) ^ (ONES * b'0' as u64)) ^ HIGH;
    // More than a digit has the high bit; elsewhere any bit is too much.
    let limit = (ONES * 0x76) | ((others >> 7) * 0x7f);
    ((values.wrapping_add(limit) | values) & HIGH == 0).then(|| values.to_le_bytes())
}

/// The digits that the word starts with, as a number, and how many they are.
#[inline]
fn leading_digits(word: u64) -> (u64, usize) {
    // Digits become 0 to 9, all else more; 0x76 more has the high bit then. A carry reaches only the bytes above a hit.
    let values = word ^ (ONES * b'0' as u64);
    let others = (values.wrapping_add(ONES * 0x76) | values) & HIGH;
    let count = others.trailing_zeros() as usize / 8;
    // Moved up, so that zeros lead.
    (value_of_eight(values.checked_shl(64 - 8 * count as u32).unwrap_or(0)), count)
}

/// Of eight digits from 0 to 9, the first of which is the lowest byte.
#[inline]
fn value_of_eight(word: u64) -> u64 {
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

/// A text that is looked for again and again; `memcmp` is a call, which costs more than a short name.
#[derive(Default)]
pub struct Wanted {
    /// The first eight bytes, or all and zeros.
    word: u64,
    /// The bits of `word` that count.
    mask: u64,
    len: usize,
    rest: Vec<u8>,
}

impl Wanted {
    pub fn new(text: &[u8]) -> Self {
        let (first, rest) = text.split_at(text.len().min(8));
        let mut bytes = [0; 8];
        bytes[..first.len()].copy_from_slice(first);
        let mask = if first.len() == 8 { !0 } else { (1 << (8 * first.len())) - 1 };
        Self { word: u64::from_le_bytes(bytes), mask, len: text.len(), rest: rest.to_vec() }
    }

    /// Where it ends when `text` has it at `at`, and eight bytes in all.
    #[inline]
    pub fn end_at(&self, text: &[u8], at: usize) -> Option<usize> {
        let found = word(text, at)? & self.mask == self.word && self.len > 0;
        (found && (self.rest.is_empty() || text[at + 8..].starts_with(&self.rest))).then_some(at + self.len)
    }
}

/// Where the first byte is that is one of `any`.
#[inline(always)]
pub fn find<const N: usize>(any: [u8; N], text: &[u8]) -> Option<usize> {
    let (words, tail) = text.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let hits = any.iter().fold(0, |hits, byte| hits | zeros(word ^ (ONES * u64::from(*byte))));
        if hits != 0 {
            return Some(8 * at + hits.trailing_zeros() as usize / 8);
        }
    }
    Some(text.len() - tail.len() + tail.iter().position(|found| any.contains(found))?)
}

/// Adds a text; for a short one a call of `memcpy` would take most of the time.
#[inline]
pub fn append(out: &mut Vec<u8>, text: &[u8]) {
    let len = text.len();
    if !(4..=64).contains(&len) {
        return out.extend_from_slice(text);
    }
    out.reserve(len);
    // SAFETY: `len` bytes can be read and, after `reserve`, written; each step stays within them, and together they
    // reach all: the last one ends where they do.
    unsafe {
        let (from, to) = (text.as_ptr(), out.as_mut_ptr().add(out.len()));
        if len >= 8 {
            let mut at = 0;
            while at < len - 8 {
                to.add(at).cast::<u64>().write_unaligned(from.add(at).cast::<u64>().read_unaligned());
                at += 8;
            }
            to.add(len - 8).cast::<u64>().write_unaligned(from.add(len - 8).cast::<u64>().read_unaligned());
        } else {
            to.cast::<u32>().write_unaligned(from.cast::<u32>().read_unaligned());
            to.add(len - 4).cast::<u32>().write_unaligned(from.add(len - 4).cast::<u32>().read_unaligned());
        }
        out.set_len(out.len() + len);
    }
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
        fn a_pattern_has_digits_where_it_says(text in "[0-9]{4}-[0-9]{2}-", at in 0usize..8, byte in any::<u8>()) {
            let mut text: [u8; 8] = text.as_bytes().try_into().unwrap();
            text[at] = byte;
            let pattern = b"0000-00-";
            let fits = text.iter().zip(pattern).all(|(b, p)| if *p == b'0' { b.is_ascii_digit() } else { b == p });
            let digits = std::array::from_fn(|i| if pattern[i] == b'0' { text[i].wrapping_sub(b'0') } else { 0 });
            prop_assert_eq!(digits_of(&text, pattern), fits.then_some(digits));
        }

        #[test]
        fn digits_end_at_any_other_byte(bytes in any::<[u8; 8]>(), near in vec(0x2eu8..0x3c, 8), digits in "[0-9]{0,8}") {
            for mut bytes in [bytes.to_vec(), near] {
                bytes[..digits.len()].copy_from_slice(digits.as_bytes());
                let count = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let value = std::str::from_utf8(&bytes[..count]).unwrap().parse().unwrap_or(0);
                prop_assert_eq!(leading_digits(word(&bytes, 0).unwrap()), (value, count));
            }
        }

        #[test]
        fn texts_are_compared_joined_and_searched(text in texts(), wanted in texts()) {
            prop_assert_eq!(ascii(&text).is_some(), text.is_ascii());
            let whole = [&wanted[..], &text].concat();
            let (found, has) = (Wanted::new(&text).end_at(&whole, wanted.len()), text.len() >= 8);
            prop_assert_eq!(found, has.then_some(whole.len()));
            prop_assert_eq!(Wanted::new(&wanted).end_at(&text, 0).is_some(), text.len() >= 8 && !wanted.is_empty() && text.starts_with(&wanted));
            let near = &wanted[..wanted.len().min(3)];
            prop_assert_eq!(Wanted::new(near).end_at(&whole, 0), (whole.len() >= 8 && !near.is_empty()).then_some(near.len()));
            let mut out = text.clone();
            append(&mut out, &wanted);
            prop_assert_eq!(out, [&text[..], &wanted].concat());
            for byte in [b'0', b'"', 0x80] {
                prop_assert_eq!(find([byte], &text), text.iter().position(|b| *b == byte));
                let two = text.iter().position(|b| [byte, b'z'].contains(b));
                prop_assert_eq!(find([byte, b'z'], &text), two);
            }
        }
    }
}
