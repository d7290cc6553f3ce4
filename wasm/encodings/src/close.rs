//! Numbers of 8 and 16 bytes that lie close together, as the least of them and distances of 4 bytes; offsets of short
//! values as a byte each.

use crate::bounds_i64;

/// The least number, before the others' distances to it.
const LEAST: usize = 2;

/// None: they are too far apart.
#[inline(never)]
pub fn close64(words: &[u64]) -> Option<Vec<u32>> {
    let (least, most) = bounds_i64(words)?;
    u32::try_from(most.wrapping_sub(least) as u64).ok()?;
    Some(distances(least, words.iter().map(|word| word.wrapping_sub(least as u64) as u32)))
}

/// None: they are too far apart, or too large.
#[inline(never)]
pub fn close128(values: &[i128]) -> Option<Vec<u32>> {
    let first = *values.first()?;
    let (least, most) = values.iter().fold((first, first), |(min, max), value| (min.min(*value), max.max(*value)));
    u32::try_from(most.checked_sub(least)?).ok()?;
    let least = i64::try_from(least).ok()?;
    Some(distances(least, values.iter().map(|value| (*value as i64).wrapping_sub(least) as u32)))
}

fn distances(least: i64, each: impl ExactSizeIterator<Item = u32>) -> Vec<u32> {
    let mut out = Vec::with_capacity(LEAST + each.len());
    out.extend([least as u32, (least >> 32) as u32]);
    out.extend(each);
    out
}

/// Appends the `count` numbers that `close64` was given. None: they are not that many.
#[inline(never)]
pub fn far64(close: &[u32], count: usize, out: &mut Vec<i64>) -> Option<()> {
    out.extend(numbers(close, count)?);
    Some(())
}

/// The same for `close128`.
#[inline(never)]
pub fn far128(close: &[u32], count: usize, out: &mut Vec<i128>) -> Option<()> {
    out.extend(numbers(close, count)?.map(i128::from));
    Some(())
}

fn numbers(close: &[u32], count: usize) -> Option<impl ExactSizeIterator<Item = i64>> {
    let [low, high] = *close.first_chunk()?;
    let least = i64::from(low) | i64::from(high) << 32;
    let distances = close.get(LEAST..LEAST + count)?;
    Some(distances.iter().map(move |distance| least.wrapping_add(i64::from(*distance))))
}

/// The length of each value, or of all where it is one. None: some have more than 255, or the first does not begin at 0.
#[inline(never)]
pub fn short_lengths(offsets: &[i32]) -> Option<Vec<u8>> {
    let (mut all, mut one) = (0, true);
    let first = offsets.get(1)?.wrapping_sub(offsets[0]) as u32;
    let mut lengths = Vec::with_capacity(offsets.len() - 1);
    lengths.extend(offsets.windows(2).map(|pair| {
        let length = pair[1].wrapping_sub(pair[0]) as u32;
        all |= length;
        one &= length == first;
        length as u8
    }));
    if one {
        lengths.truncate(1);
    }
    (all <= u8::MAX.into() && offsets[0] == 0).then_some(lengths)
}

/// Appends the offsets that `short_lengths` was given, of `count` values, but for the first: they go on from the last that
/// is there. None: they are not that many.
#[inline(never)]
pub fn ends_of_lengths(lengths: &[u8], count: usize, out: &mut Vec<i32>) -> Option<()> {
    let mut end = *out.last()?;
    let mut next = |length: &u8| {
        end += i32::from(*length);
        end
    };
    match lengths {
        [one] => out.extend((0..count).map(|_| next(one))),
        _ => out.extend(lengths.get(..count)?.iter().map(next)),
    }
    Some(())
}
