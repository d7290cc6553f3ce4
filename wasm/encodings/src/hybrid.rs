//! Runs of one value, and packed groups of eight: levels and the indices of dictionaries.

use crate::bits::{Packed, pack32, varint};

trait Lane: Copy + Eq + Into<u64> {
    fn all_equal(eight: &[Self; 8]) -> bool;
}

impl Lane for u8 {
    fn all_equal(eight: &[u8; 8]) -> bool {
        u64::from_le_bytes(*eight) == u64::from(eight[0]) * 0x0101_0101_0101_0101
    }
}

impl Lane for u32 {
    fn all_equal(eight: &[u32; 8]) -> bool {
        let [first, rest @ ..] = eight;
        rest[0] == *first && rest.iter().fold(0, |differ, value| differ | (value ^ first)) == 0
    }
}

/// `count` times `value`, of `width` bits.
pub fn run(value: u32, count: usize, width: usize, out: &mut Vec<u8>) {
    varint((count as u64) << 1, out);
    out.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8)]);
}

/// Indices of a dictionary, of at most 32 bits.
#[inline(never)]
pub fn indices(values: &[u32], width: usize, out: &mut Vec<u8>) {
    hybrid(values, width, out);
}

/// Levels, of at most 8 bits.
#[inline(never)]
pub fn levels(values: &[u8], width: usize, out: &mut Vec<u8>) {
    hybrid(values, width, out);
}

/// How many values make a run: one costs its value, its header and the header of what follows.
fn least_run(width: usize) -> usize {
    (8 * (3 + width.div_ceil(8)) / width.max(1)).max(8)
}

fn hybrid<T: Lane>(values: &[T], width: usize, out: &mut Vec<u8>) {
    if width == 0 {
        run(0, values.len(), 0, out);
        return;
    }
    let least = least_run(width);
    let (mut packed_from, mut at) = (0, 0);
    while let Some(group) = values[at..].first_chunk::<8>() {
        if !T::all_equal(group) {
            at += 8;
            continue;
        }
        let value = group[0];
        let whole = values[at..].as_chunks::<8>().0.iter();
        let mut end = at + 8 * whole.take_while(|group| group[0] == value && T::all_equal(group)).count();
        end += values[end..].iter().take_while(|other| **other == value).count();
        if end - at < least {
            at += 8;
            continue;
        }
        packed(&values[packed_from..at], width, out);
        run(value.into() as u32, end - at, width, out);
        (packed_from, at) = (end, end);
    }
    packed(&values[packed_from..], width, out);
}

/// The last group is filled up with zeros.
fn packed<T: Lane>(values: &[T], width: usize, out: &mut Vec<u8>) {
    let groups = values.len().div_ceil(8);
    if groups == 0 {
        return;
    }
    varint((groups as u64) << 1 | 1, out);
    let end = out.len() + groups * width;
    if width <= 8 {
        // Eight values are `width` bytes of one word.
        let mut at = out.len();
        out.resize(end + 8, 0);
        let (whole, rest) = values.as_chunks::<8>();
        let mut put = |word: u64| {
            if let Some(place) = out[at..].first_chunk_mut::<8>() {
                *place = word.to_le_bytes();
            }
            at += width;
        };
        for group in whole {
            put(group.iter().rev().fold(0, |word, value| word << width | (*value).into()));
        }
        if !rest.is_empty() {
            put(rest.iter().rev().fold(0, |word, value| word << width | (*value).into()));
        }
    } else {
        let mut bytes: Packed = [0; 256];
        for values in values.chunks(32) {
            let mut words = [0; 32];
            for (word, value) in words.iter_mut().zip(values) {
                *word = (*value).into();
            }
            pack32(&words, width, &mut bytes);
            out.extend_from_slice(&bytes[..4 * width]);
        }
    }
    out.truncate(end);
}

/// Levels 0 and 1 from a bitmap of `count` bits that begins with the first byte; bits behind the last are zero.
#[inline(never)]
pub fn bits_as_levels(bitmap: &[u8], count: usize, out: &mut Vec<u8>) {
    const LEAST: usize = 4;
    let bitmap = &bitmap[..count.div_ceil(8)];
    // Of the last byte only what is used can be part of a run.
    let whole = &bitmap[..count / 8];
    let (mut packed_from, mut at) = (0, 0);
    let literal = |bytes: &[u8], out: &mut Vec<u8>| {
        if !bytes.is_empty() {
            varint((bytes.len() as u64) << 1 | 1, out);
            out.extend_from_slice(bytes);
        }
    };
    while at < whole.len() {
        let byte = whole[at];
        if byte != 0 && byte != 0xff {
            at += 1;
            continue;
        }
        let length = whole[at..].iter().take_while(|other| **other == byte).count();
        if length >= LEAST {
            literal(&bitmap[packed_from..at], out);
            run(u32::from(byte & 1), 8 * length, 1, out);
            packed_from = at + length;
        }
        at += length;
    }
    literal(&bitmap[packed_from..], out);
}
