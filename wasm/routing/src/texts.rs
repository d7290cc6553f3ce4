//! Texts as keys of groups: the short ones as two words, which compare and hash in a few steps.

use super::hashed::{Keys, mix, number};
use super::{NumberedRows, Valid};

/// Texts one after the other, each from an offset to the next.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    pub offsets: &'a [i32],
    pub values: &'a [u8],
    /// How many bytes of each count; None: all of them.
    pub lengths: Option<&'a [u32]>,
}

/// Rows of equal texts are a group.
pub fn number_texts(texts: &Texts<'_>, valid: Option<Valid<'_>>) -> NumberedRows {
    let rows = texts.offsets.len() - 1;
    match (0..rows).all(|row| texts.length(row) <= MOST) {
        true => number(&Short(*texts), rows, valid),
        false => number(texts, rows, valid),
    }
}

impl Texts<'_> {
    #[inline]
    fn length(&self, row: usize) -> usize {
        self.lengths.map_or_else(|| (self.offsets[row + 1] - self.offsets[row]) as usize, |l| l[row] as usize)
    }
}

impl<'a> Keys for Texts<'a> {
    type Key = &'a [u8];

    fn key(&self, row: usize) -> &'a [u8] {
        &self.values[self.offsets[row] as usize..][..self.length(row)]
    }

    fn hash(&self, key: &'a [u8]) -> u64 {
        hash_text(key)
    }
}

/// For `Keys`.
pub fn hash_text(text: &[u8]) -> u64 {
    let (words, tail) = text.as_chunks::<8>();
    let mut last = [0; 8];
    last[..tail.len()].copy_from_slice(tail);
    let start = mix(u64::from_le_bytes(last) ^ (text.len() as u64) << 56);
    words.iter().fold(start, |h, w| mix(h ^ u64::from_le_bytes(*w)))
}

/// Bytes of a short text.
const MOST: usize = 15;

/// All of at most `MOST` bytes.
struct Short<'a>(Texts<'a>);

impl Keys for Short<'_> {
    type Key = (u64, u64);

    #[inline]
    fn key(&self, row: usize) -> (u64, u64) {
        let (start, length) = (self.0.offsets[row] as usize, self.0.length(row));
        let rest = &self.0.values[start..];
        match rest.first_chunk() {
            Some(bytes) => pack(*bytes, length),
            None => {
                let mut bytes = [0; 16];
                bytes[..length].copy_from_slice(&rest[..length]);
                pack(bytes, length)
            }
        }
    }

    #[inline]
    fn hash(&self, (low, high): (u64, u64)) -> u64 {
        let hash = (low ^ high.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^ (hash >> 32)
    }
}

/// The first `length` bytes (at most `MOST`) and how many they are. Shifts of 128 bits are function calls in wasm.
#[inline]
fn pack(bytes: [u8; 16], length: usize) -> (u64, u64) {
    let (words, _) = bytes.as_chunks();
    let first = |word: [u8; 8], count: usize| {
        u64::from_le_bytes(word) & u64::MAX.checked_shr(64 - 8 * count as u32).unwrap_or(0)
    };
    let (low, high) = (first(words[0], length.min(8)), first(words[1], length.saturating_sub(8)));
    (low, high | (length as u64) << 56)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_group_by_their_bytes() {
        let text = b"\0\0abcdefgh\0\0ijklab\0\0ab";
        let spans = (0..text.len()).flat_map(|from| (from..=text.len()).map(move |to| &text[from..to]));
        for most in [MOST, text.len()] {
            let spans: Vec<&[u8]> = spans.clone().filter(|span| span.len() <= most).collect();
            let values = spans.concat();
            let ends = spans.iter().scan(0, |end, span| {
                *end += span.len() as i32;
                Some(*end)
            });
            let offsets: Vec<i32> = std::iter::once(0).chain(ends).collect();
            let lengths: Vec<u32> = spans.iter().map(|span| span.len() as u32).collect();
            for lengths in [None, Some(&lengths[..]), Some(&vec![0; spans.len()])] {
                let bits = vec![0xdf; spans.len()];
                for valid in [None, Some(Valid { bits: &bits, offset: 0 })] {
                    let key = |row: usize| {
                        let text = &spans[row][..lengths.map_or(spans[row].len(), |lengths| lengths[row] as usize)];
                        valid.is_none_or(|valid| valid.is(row)).then_some(text)
                    };
                    let NumberedRows { ids, firsts } =
                        number_texts(&Texts { offsets: &offsets, values: &values, lengths }, valid);
                    let mut seen: Vec<Option<&[u8]>> = Vec::new();
                    assert_eq!(ids.len(), spans.len());
                    for (row, id) in ids.iter().enumerate() {
                        let known = seen.iter().position(|text| *text == key(row));
                        assert_eq!(*id as usize, known.unwrap_or(seen.len()));
                        if known.is_none() {
                            assert_eq!(firsts[seen.len()] as usize, row);
                            seen.push(key(row));
                        }
                    }
                    assert_eq!(firsts.len(), seen.len());
                }
            }
        }
    }
}
