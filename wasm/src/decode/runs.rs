//! The format's hybrid of runs: one value many times, or packed values, in turn. Levels and dictionary indices.

use parquet::errors::Result;

use super::page_check::bad;

/// Gives values of `width` bits, with how often each comes, until there were `most` or the bytes end.
pub fn runs(
    mut rest: &[u8],
    width: usize,
    most: usize,
    mut each: impl FnMut(u64, usize) -> Result<()>,
) -> Result<()> {
    if width > 32 {
        return Err(bad(format!("packed values of {width} bits")));
    }
    let mut seen = 0;
    while seen < most && !rest.is_empty() {
        let (head, left) = varint(rest).ok_or_else(|| bad("a run of packed values is cut off".into()))?;
        rest = left;
        let count = usize::try_from(head >> 1).unwrap_or(usize::MAX);
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
            seen += times;
            found += if level == counted as u64 { times } else { 0 };
            Ok(())
        })?;
        return if seen < values { Err(too_few(seen, values)) } else { Ok(Some(found)) };
    }
    let (mut rest, mut seen) = (bytes, 0usize);
    while seen < values {
        let Some((head, left)) = varint(rest) else { return Err(too_few(seen, values)) };
        let count = usize::try_from(head >> 1).unwrap_or(usize::MAX);
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
