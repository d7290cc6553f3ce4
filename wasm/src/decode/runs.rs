//! The format's hybrid of runs: one value many times, or packed values, in turn. Levels and dictionary indices.

use arrow_buffer::bit_chunk_iterator::UnalignedBitChunk;
use parquet::errors::Result;

use super::page_check::bad;

/// Gives values of `width` bits, with how often each comes, until there were `most` or the bytes end.
pub fn runs(mut rest: &[u8], width: usize, most: usize, mut each: impl FnMut(u64, usize) -> Result<()>) -> Result<()> {
    if width > 32 {
        return Err(bad(format!("packed values of {width} bits")));
    }
    let mut seen = 0;
    while seen < most && !rest.is_empty() {
        let (head, left) = varint(rest).ok_or_else(|| bad("a run of packed values is cut off".into()))?;
        rest = left;
        let count = run_length(head)?;
        if count == 0 {
            return Err(bad("an empty run of packed values".into()));
        }
        if head & 1 == 0 {
            let (bytes, left) = rest.split_at(width.div_ceil(8).min(rest.len()));
            let count = count.min(most - seen);
            each(bytes.iter().rev().fold(0u64, |n, byte| n << 8 | u64::from(*byte)), count)?;
            (rest, seen) = (left, seen + count);
            continue;
        }
        let (packed, left) = rest.split_at(count.saturating_mul(width).min(rest.len()));
        let values = count.saturating_mul(8).min(most - seen);
        if width == 0 {
            each(0, values)?;
        } else {
            unpack(packed, width, values, &mut each)?;
        }
        (rest, seen) = (left, seen + values);
    }
    Ok(())
}

/// Levels of one page: their runs must cover all values with bytes that are there. Answers how many are of `counted`,
/// or nothing when that is not asked, which saves looking at each.
pub fn check_levels(bytes: &[u8], max_level: i16, values: usize, counted: Option<i16>) -> Result<Option<usize>> {
    if max_level <= 0 {
        return Ok(counted.map(|_| values));
    }
    let width = (u64::BITS - (max_level as u64).leading_zeros()) as usize;
    if let Some(counted) = counted {
        let (mut seen, mut found) = (0, 0);
        runs(bytes, width, values, |level, times| {
            if level > max_level as u64 {
                return Err(bad(format!("a level of {level} where the highest is {max_level}")));
            }
            seen += times;
            found += if level == counted as u64 { times } else { 0 };
            Ok(())
        })?;
        return if seen < values { Err(too_few(seen, values)) } else { Ok(Some(found)) };
    }
    let (mut rest, mut seen) = (bytes, 0usize);
    while seen < values {
        let Some((head, left)) = varint(rest) else { return Err(too_few(seen, values)) };
        let count = run_length(head)?;
        let (taken, needed, held) = if head & 1 == 0 {
            (count, width.div_ceil(8), width.div_ceil(8))
        } else {
            let taken = count.saturating_mul(8).min(values - seen);
            (taken, (taken * width).div_ceil(8), count.saturating_mul(width))
        };
        if taken == 0 || left.len() < needed {
            return Err(too_few(seen, values));
        }
        seen = seen.saturating_add(taken);
        rest = &left[held.min(left.len())..];
    }
    Ok(None)
}

/// Of levels of one bit: how many are 0, and whether the first is.
pub fn zeros(bytes: &[u8], values: usize) -> Result<(usize, bool)> {
    let (mut rest, mut seen, mut zeros, mut first) = (bytes, 0, 0, None);
    while seen < values {
        let (head, left) = varint(rest).ok_or_else(|| too_few(seen, values))?;
        let count = run_length(head)?;
        let taken = if head & 1 == 0 { count } else { count * 8 }.min(values - seen);
        let (held, after) = left.split_at(if head & 1 == 0 { 1 } else { count }.min(left.len()));
        if taken == 0 || held.len() * 8 < if head & 1 == 0 { 8 } else { taken } {
            return Err(too_few(seen, values));
        }
        if head & 1 == 1 {
            zeros += taken - UnalignedBitChunk::new(held, 0, taken).count_ones();
        } else if held[0] > 1 {
            return Err(bad(format!("a level of {} where 1 is the highest", held[0])));
        } else if held[0] == 0 {
            zeros += taken;
        }
        first.get_or_insert(held[0] & 1 == 0);
        (rest, seen) = (after, seen + taken);
    }
    Ok((zeros, first.unwrap_or(true)))
}

/// The heads of all runs, which the decoder takes to be numbers of 10 bytes at most; of the rest it looks itself.
pub fn check_heads(mut rest: &[u8], width: usize) -> Result<()> {
    while let Some((head, left)) = varint(rest) {
        let count = run_length(head)?;
        let held = if head & 1 == 0 { width.div_ceil(8) } else { count.saturating_mul(width) };
        rest = &left[held.min(left.len())..];
    }
    if rest.len() > 10 { Err(bad("a run of packed values begins with no number".into())) } else { Ok(()) }
}

/// Of a run's head: values, or groups of 8. The decoder counts in 32 bits.
fn run_length(head: u64) -> Result<usize> {
    let length = head >> 1;
    if length > u64::from(u32::MAX / 8) {
        return Err(bad(format!("a run of {length} packed values")));
    }
    Ok(length as usize)
}

fn too_few(seen: usize, values: usize) -> parquet::errors::ParquetError {
    bad(format!("a page of {values} values has {seen} levels"))
}

fn unpack(packed: &[u8], width: usize, values: usize, each: &mut impl FnMut(u64, usize) -> Result<()>) -> Result<()> {
    let mask = (1u64 << width) - 1;
    let (mut held, mut bits, mut found) = (0u64, 0, 0);
    for byte in packed {
        held |= u64::from(*byte) << bits;
        bits += 8;
        while bits >= width {
            if found == values {
                return Ok(());
            }
            each(held & mask, 1)?;
            held >>= width;
            bits -= width;
            found += 1;
        }
    }
    Ok(())
}

pub(super) fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * at as u32)?;
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_that_are_no_numbers_are_found_wherever_they_stand() {
        // A run of five, eight packed values, an empty run, all of 3 bits.
        let good = [10, 2, 3, 1, 2, 3, 0, 7];
        assert!(check_heads(&good, 3).is_ok());
        for at in [0, 2, 6] {
            let mut bytes = good[..at].to_vec();
            bytes.extend([0xff; 10]);
            // The decoder takes this for the end.
            assert!(check_heads(&bytes, 3).is_ok());
            bytes.push(0xff);
            assert!(check_heads(&bytes, 3).is_err());
        }
        assert!(check_heads(&[], 3).is_ok());
        // 2^32 values.
        assert!(check_heads(&[0x80, 0x80, 0x80, 0x80, 0x20, 1], 3).is_err());
    }

    #[test]
    fn levels_beyond_the_highest_are_no_values() {
        // Five levels in one run.
        assert_eq!(check_levels(&[10, 1], 1, 5, Some(1)).unwrap(), Some(5));
        assert!(check_levels(&[10, 0xff], 1, 5, Some(1)).is_err());
        assert!(check_levels(&[10, 3], 2, 5, Some(2)).is_err());
    }
}
