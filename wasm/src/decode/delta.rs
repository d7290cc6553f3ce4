//! Delta encodings: their headers claim counts, and their lengths places, that the decoder takes as they are.

use parquet::errors::Result;

use super::page_check::{Lengths, bad};
use super::runs::varint;

struct Head<'a> {
    mini_blocks: usize,
    mini_block_values: usize,
    total: usize,
    first: i64,
    rest: &'a [u8],
}

/// DELTA_BINARY_PACKED of numbers: as many values as are asked for, in blocks that can be. `most`: of the page's header.
pub fn check_packed(bytes: &[u8], present: usize, most: usize) -> Result<()> {
    if bytes.is_empty() && present == 0 {
        return Ok(());
    }
    let Head { mini_blocks, mini_block_values, total, mut rest, .. } = head(bytes, present, most)?;
    let mut left = total.saturating_sub(1);
    while left > 0 {
        let Some((_, after)) = varint(rest) else {
            // What is cut off the decoder finds; it takes a number to have 10 bytes at most.
            return if rest.len() > 10 {
                Err(bad("a block of delta-encoded values begins with no number".into()))
            } else {
                Ok(())
            };
        };
        let Some((widths, bodies)) = after.split_at_checked(mini_blocks) else { return Ok(()) };
        let used = widths.iter().take(left.div_ceil(mini_block_values));
        let size: usize =
            used.map(|width| usize::from(*width).saturating_mul(mini_block_values / 8)).fold(0, usize::saturating_add);
        left = left.saturating_sub(mini_blocks.saturating_mul(mini_block_values));
        rest = bodies.get(size..).unwrap_or_default();
    }
    Ok(())
}

/// DELTA_LENGTH_BYTE_ARRAY: lengths, then the bytes of all values. Of text (UTF-8) the decoder does not see every place
/// where one value ends inside of a character.
pub fn check_lengths(bytes: &[u8], present: usize, most: usize, text: bool, allowed: &Lengths) -> Result<()> {
    if bytes.is_empty() && present == 0 {
        return Ok(());
    }
    let (mut sum, mut ends) = (0u64, Vec::new());
    let rest = lengths(bytes, present, most, |length| {
        sum += u64::from(length);
        if text {
            ends.push(sum);
        }
        allowed.check(length)
    })?;
    if sum > rest.len() as u64 {
        return Err(bad(format!("values of {sum} bytes in {}", rest.len())));
    }
    let values = &rest[..sum as usize];
    if text
        && !std::str::from_utf8(values).is_ok_and(|text| ends.iter().all(|end| text.is_char_boundary(*end as usize)))
    {
        return Err(bad("a text is not UTF-8".into()));
    }
    Ok(())
}

/// DELTA_BYTE_ARRAY: lengths of what each value shares with the one before, lengths of the rest, the rests.
pub fn check_prefixed(bytes: &[u8], present: usize, most: usize, allowed: &Lengths) -> Result<()> {
    if bytes.is_empty() && present == 0 {
        return Ok(());
    }
    let mut prefixes = Vec::new();
    let rest = lengths(bytes, present, most, |length| {
        prefixes.push(length);
        Ok(())
    })?;
    let (mut at, mut before, mut sum, mut apart) = (0, 0u64, 0u64, false);
    let rest = lengths(rest, present, most, |length| {
        let prefix = prefixes.get(at).copied().unwrap_or(u32::MAX);
        apart |= u64::from(prefix) > before;
        before = u64::from(prefix) + u64::from(length);
        sum += u64::from(length);
        at += 1;
        allowed.check(u32::try_from(before).unwrap_or(u32::MAX))
    })?;
    if apart || at != prefixes.len() {
        return Err(bad("a value shares more with the one before than that has".into()));
    }
    if sum > rest.len() as u64 { Err(bad(format!("values of {sum} bytes in {}", rest.len()))) } else { Ok(()) }
}

fn cut_off() -> parquet::errors::ParquetError {
    bad("delta-encoded values are cut off".into())
}

fn head(bytes: &[u8], present: usize, most: usize) -> Result<Head<'_>> {
    let mut rest = bytes;
    let mut next = || -> Result<u64> {
        let (value, left) = varint(rest).ok_or_else(cut_off)?;
        rest = left;
        Ok(value)
    };
    let (block, mini_blocks, total, first) = (next()?, next()?, next()?, zigzag(next()?));
    let mini_block_values = block.checked_div(mini_blocks).unwrap_or(0);
    if mini_blocks > bytes.len().max(4096) as u64 || mini_block_values == 0 || mini_block_values % 8 != 0 {
        return Err(bad(format!("delta-encoded blocks of {block} values in {mini_blocks} parts")));
    }
    if total > most as u64 || total < present as u64 {
        return Err(bad(format!("{total} delta-encoded values where there are {present} of {most}")));
    }
    let mini_block_values = usize::try_from(mini_block_values).map_err(|_| cut_off())?;
    Ok(Head { mini_blocks: mini_blocks as usize, mini_block_values, total: total as usize, first, rest })
}

/// Gives each length; answers what follows them.
fn lengths(bytes: &[u8], present: usize, most: usize, mut each: impl FnMut(u32) -> Result<()>) -> Result<&[u8]> {
    let Head { mini_blocks, mini_block_values, total, first, mut rest } = head(bytes, present, most)?;
    let mut give = |value: i64| -> Result<()> {
        // Sums wrap as those of 32 bits do.
        let length = u32::try_from(value as i32).map_err(|_| bad("a negative length".into()))?;
        each(length)
    };
    let (mut left, mut value) = (total, first);
    if left > 0 {
        give(value)?;
        left -= 1;
    }
    while left > 0 {
        let (least, after) = varint(rest).ok_or_else(cut_off)?;
        let (widths, mut bodies) = after.split_at_checked(mini_blocks).ok_or_else(cut_off)?;
        for width in widths.iter().map(|w| usize::from(*w)) {
            if left == 0 {
                break;
            }
            if width > 32 {
                return Err(bad(format!("lengths of {width} bits")));
            }
            let size = width.checked_mul(mini_block_values / 8).ok_or_else(cut_off)?;
            let (body, behind) = bodies.split_at_checked(size).ok_or_else(cut_off)?;
            bodies = behind;
            let count = left.min(mini_block_values);
            for at in 0..count {
                value = value.wrapping_add(zigzag(least)).wrapping_add(bits(body, at * width, width) as i64);
                give(value)?;
            }
            left -= count;
        }
        rest = bodies;
    }
    Ok(rest)
}

/// `width` bits from the bit `at`, least first.
fn bits(bytes: &[u8], at: usize, width: usize) -> u64 {
    let mut word = [0; 8];
    let from = &bytes[at / 8..(at + width).div_ceil(8)];
    word[..from.len()].copy_from_slice(from);
    (u64::from_le_bytes(word) >> (at % 8)) & ((1 << width) - 1)
}

fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_whole_lengths_passes() {
        // Blocks of 128 in 4 parts; 3 lengths: 2, then +1 and -1 as least -1 and 2 bits each.
        let good =
            [0x80, 1, 4, 3, 4, 1, 2, 0, 0, 0, 0b0010, 0, 0, 0, 0, 0, 0, 0, b'a', b'b', b'c', b'd', b'e', b'f', b'g'];
        assert!(check_lengths(&good, 3, 3, true, &Lengths::ANY).is_ok());
        assert!(check_lengths(&good[..good.len() - 1], 3, 3, true, &Lengths::ANY).is_err());
        assert!(check_lengths(&good, 4, 4, true, &Lengths::ANY).is_err());
        assert!(check_lengths(&good, 2, 2, true, &Lengths::ANY).is_err());
        for cut in 0..18 {
            assert!(check_lengths(&good[..cut], 3, 3, true, &Lengths::ANY).is_err(), "cut at {cut}");
        }
        // Lengths 2, 3, 2: an umlaut in the second is text, one over the end of the first is not.
        for (at, whole) in [(2, true), (1, false)] {
            let mut bytes = good;
            bytes[18 + at..20 + at].copy_from_slice("ä".as_bytes());
            assert_eq!(check_lengths(&bytes, 3, 3, true, &Lengths::ANY).is_ok(), whole);
            assert!(check_lengths(&bytes, 3, 3, false, &Lengths::ANY).is_ok());
        }
        assert!(check_packed(&good, 3, 3).is_ok());
        assert!(check_packed(&[0x80, 1, 4, 0, 4], 3, 3).is_err());
        assert!(check_packed(&[], 0, 3).is_ok());
    }

    #[test]
    fn every_block_begins_with_a_number() {
        // Blocks of 8 in one part, of 1 bit each: 17 values are the first and two blocks.
        let good = [8, 1, 17, 0, 2, 1, 0xff, 2, 1, 0];
        assert!(check_packed(&good, 17, 17).is_ok());
        for at in [4, 7] {
            let bytes = [&good[..at], &[0xff; 10], &good[at..]].concat();
            assert!(check_packed(&bytes, 17, 17).is_err(), "{at}");
            // The decoder takes this for the end.
            assert!(check_packed(&bytes[..at + 10], 17, 17).is_ok(), "{at}");
        }
    }

    #[test]
    fn values_have_as_many_bytes_as_they_may() {
        // Blocks of 8 in one part; two lengths: 1, then 2 more in 2 bits. Prefixes 0 and 1.
        let lengths = [8, 1, 2, 2, 2, 2, 1, 0];
        assert!(check_lengths(&[&lengths[..], &[0; 4]].concat(), 2, 2, false, &Lengths::up_to(3)).is_ok());
        assert!(check_lengths(&[&lengths[..], &[0; 4]].concat(), 2, 2, false, &Lengths::up_to(2)).is_err());
        let prefixes = [8, 1, 2, 0, 2, 0];
        let prefixed = [&prefixes[..], &lengths, &[0; 4]].concat();
        assert!(check_prefixed(&prefixed, 2, 2, &Lengths::up_to(4)).is_ok());
        assert!(check_prefixed(&prefixed, 2, 2, &Lengths::up_to(3)).is_err());
    }
}
