//! Values of unequal length, as spans of bytes, copied to the groups of their rows.

use super::even::one_length;
use super::fours;
use super::heads::heads;
use super::row_groups::{RowGroups, Rows};
use super::running_sums::sum_up;
use super::wide::Wide;

/// The values of one piece.
#[derive(Clone, Copy)]
pub struct Spans<'a> {
    /// Where each value starts, and where the last one ends.
    pub offsets: &'a [i32],
    pub values: &'a [u8],
}

/// What each group gets.
pub struct GroupSpans {
    /// A 0, and the end of each value.
    pub ends: Vec<Vec<i32>>,
    pub values: Vec<Vec<u8>>,
}

/// The values of each group's rows; one unit of an offset is `width` bytes. None: they are more than offsets can say.
///
/// # Safety
/// The offsets of each piece never decrease, and end within its values.
pub unsafe fn group_spans(pieces: &[Spans<'_>], width: usize, groups: &RowGroups<'_>) -> Option<GroupSpans> {
    let (ends, lengths) = ends_and_lengths(&pieces.iter().map(|p| p.offsets).collect::<Vec<_>>(), groups)?;
    // SAFETY: the caller's promise; the ends and the lengths are those of these pieces.
    let values = unsafe { group_values(pieces, width, &ends, lengths, groups) };
    Some(GroupSpans { ends, values })
}

/// For each group a 0, and where each of its rows' values ends. None: they are more than offsets can say.
pub fn group_ends(offsets: &[&[i32]], groups: &RowGroups<'_>) -> Option<Vec<Vec<i32>>> {
    ends_and_lengths(offsets, groups).map(|(ends, _)| ends)
}

/// Of all values of a column.
#[derive(Clone, Copy)]
enum Lengths {
    All(usize),
    AtMost(usize),
}

/// The ends of each group. None: they are more than offsets can say.
fn ends_and_lengths(offsets: &[&[i32]], groups: &RowGroups<'_>) -> Option<(Vec<Vec<i32>>, Lengths)> {
    let total: i64 = offsets.iter().map(|o| i64::from(o[o.len() - 1]) - i64::from(o[0])).sum();
    if total > i64::from(i32::MAX) {
        return None;
    }
    if let Some(length) = one_length(offsets) {
        let ends = |rows: &usize| (0..=*rows as i32).map(|row| row * length).collect();
        return Some((groups.sizes().iter().map(ends).collect(), Lengths::All(length as usize)));
    }
    let mut ends: Vec<Vec<i32>> = groups.sizes().iter().map(|rows| vec![0; rows + 1]).collect();
    let mut heads = heads(&mut ends, 1);
    for (offsets, rows) in offsets.iter().zip(groups.cut(offsets.iter().map(|o| o.len() - 1))) {
        // SAFETY: each group begins with a 0, and has room for the lengths of its rows.
        unsafe { scatter_lengths(offsets, rows.ids, &mut heads) };
    }
    let longest = ends.iter_mut().map(|ends| sum_up(&mut ends[1..])).max();
    Some((ends, Lengths::AtMost(longest.unwrap_or(0) as usize)))
}

/// # Safety
/// There is a head for each id, with room for the lengths of the values that have it.
unsafe fn scatter_lengths(offsets: &[i32], ids: &[u32], heads: &mut [*mut i32]) {
    let mut start = offsets[0];
    fours::for_pairs::<4, _, _>(ids, &offsets[1..], |id, end| {
        // SAFETY: the caller's promise.
        unsafe {
            let head = heads.get_unchecked_mut(id as usize);
            let to = *head;
            *head = to.add(1);
            to.write(end - start);
        }
        start = end;
    });
}

/// Values up to here are copied as whole words, past their end: calls for lengths that differ are slow.
const SHORT: usize = 64;

/// `ends`: where the values of each group end.
///
/// # Safety
/// They are; and that of `group_spans`.
unsafe fn group_values(
    pieces: &[Spans<'_>],
    width: usize,
    ends: &[Vec<i32>],
    lengths: Lengths,
    groups: &RowGroups<'_>,
) -> Vec<Vec<u8>> {
    let sizes: Vec<usize> = ends.iter().map(|ends| ends[ends.len() - 1] as usize * width).collect();
    // SHORT bytes can be written behind what was written, whatever is still to come.
    let mut all: Vec<Vec<u8>> = sizes.iter().map(|size| vec![0; size + SHORT]).collect();
    let mut heads = heads(&mut all, 0);
    let (Lengths::All(longest) | Lengths::AtMost(longest)) = lengths;
    let one_length = matches!(lengths, Lengths::All(_)).then_some(longest * width);
    for (piece, rows) in pieces.iter().zip(groups.cut(pieces.iter().map(|p| p.offsets.len() - 1))) {
        let from = Piece { spans: *piece, width, one_length };
        // SAFETY: there is room for the groups' values and SHORT bytes more; no value is longer than the longest.
        unsafe {
            match longest * width {
                0 => {}
                1..=8 => copy8(from, rows, &mut heads),
                9..=16 => copy16(from, rows, &mut heads),
                17..=32 => copy32(from, rows, &mut heads),
                _ => copy_any(from, rows, &mut heads),
            }
        }
    }
    all.iter_mut().zip(sizes).for_each(|(values, size)| values.truncate(size));
    all
}

/// Values to copy. `one_length`: where all are so many bytes long.
#[derive(Clone, Copy)]
struct Piece<'a> {
    spans: Spans<'a>,
    width: usize,
    one_length: Option<usize>,
}

/// Values of at most 8 bytes, all as if they were as long.
///
/// # Safety
/// They are; there is a group for each id, with room for its values and SHORT bytes more.
unsafe fn copy8(from: Piece<'_>, rows: Rows<'_>, heads: &mut [*mut u8]) {
    // SAFETY: the caller's promise; each copy is of 8 bytes.
    unsafe { copy::<8>(from, rows, heads, |from, to, _| copy_words::<u64, 1>(from, to)) }
}

/// # Safety
/// As above, 16.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
unsafe fn copy16(from: Piece<'_>, rows: Rows<'_>, heads: &mut [*mut u8]) {
    // SAFETY: the caller's promise; each copy is of 16 bytes.
    unsafe { copy::<16>(from, rows, heads, |from, to, _| copy_words::<Wide, 1>(from, to)) }
}

/// # Safety
/// As above, 32.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
unsafe fn copy32(from: Piece<'_>, rows: Rows<'_>, heads: &mut [*mut u8]) {
    // SAFETY: the caller's promise; each copy is of 32 bytes.
    unsafe { copy::<32>(from, rows, heads, |from, to, _| copy_words::<Wide, 2>(from, to)) }
}

/// # Safety
/// As above, of any length.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
unsafe fn copy_any(from: Piece<'_>, rows: Rows<'_>, heads: &mut [*mut u8]) {
    const HALF: usize = SHORT / 2;
    // SAFETY: SHORT bytes, or the value's where it is longer, can be read and written.
    let copy_one = |from: *const u8, to: *mut u8, len| unsafe {
        if len > SHORT {
            return to.copy_from_nonoverlapping(from, len);
        }
        copy_words::<Wide, 2>(from, to);
        if len > HALF {
            copy_words::<Wide, 2>(from.add(HALF), to.add(HALF));
        }
    };
    // SAFETY: the caller's promise.
    unsafe { copy::<SHORT>(from, rows, heads, copy_one) }
}

/// # Safety
/// So many words are readable at `from` and writable at `to`.
#[inline(always)]
unsafe fn copy_words<Word, const WORDS: usize>(from: *const u8, to: *mut u8) {
    let (from, to) = (from.cast::<Word>(), to.cast::<Word>());
    for word in 0..WORDS {
        // SAFETY: the caller's promise.
        unsafe { to.add(word).write_unaligned(from.add(word).read_unaligned()) };
    }
}

/// `copy_one` copies from, to, so many bytes; it may read and write `READ` bytes whatever their number.
///
/// # Safety
/// As above; `READ` is at most SHORT.
#[inline(always)]
unsafe fn copy<const READ: usize>(
    from: Piece<'_>,
    rows: Rows<'_>,
    heads: &mut [*mut u8],
    copy_one: impl Fn(*const u8, *mut u8, usize),
) {
    let Piece { spans: Spans { offsets, values }, width, one_length } = from;
    // From here on, that would be past the end of the piece.
    let safe = offsets[1..].partition_point(|end| *end as usize * width + READ <= values.len());
    let mut start = offsets[0] as usize * width;
    let mut copy_value = |id: u32, start: usize, len: usize| {
        // SAFETY: READ bytes can be read from `start` on, and be written; the rest is the caller's promise.
        unsafe {
            let head = heads.get_unchecked_mut(id as usize);
            let to = *head;
            *head = to.add(len);
            copy_one(values.as_ptr().add(start), to, len);
        }
    };
    match one_length {
        Some(len) => fours::for_each(&rows.ids[..safe], |id| {
            copy_value(id, start, len);
            start += len;
        }),
        None => fours::for_pairs::<2, _, _>(&rows.ids[..safe], &offsets[1..=safe], |id, end| {
            let end = end as usize * width;
            copy_value(id, start, end - start);
            start = end;
        }),
    }
    for (id, end) in rows.ids[safe..].iter().zip(&offsets[safe + 1..]) {
        let value = &values[start..*end as usize * width];
        // SAFETY: there is room for the value.
        unsafe {
            let head = heads.get_unchecked_mut(*id as usize);
            head.copy_from_nonoverlapping(value.as_ptr(), value.len());
            *head = head.add(value.len());
        }
        start += value.len();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_group_gets_its_values_in_order(
            rows in prop::collection::vec((0..4u32, 0..5usize), 1..=256),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
            one_length in any::<bool>(),
            width in 1..5usize,
        ) {
            let length = |(_, length): &(u32, usize)| if one_length { 3 } else { *length };
            let ids: Vec<u32> = rows.iter().map(|(id, _)| *id).collect();
            let groups = RowGroups::new(&ids, 4);
            let mut values = vec![vec![]; 4];
            let mut ends = vec![vec![0]; 4];
            for (row, at) in rows.iter().zip(0u8..=255) {
                let group = row.0 as usize;
                values[group].extend(vec![at; length(row) * width]);
                ends[group].push((values[group].len() / width) as i32);
            }
            let mut cuts: Vec<usize> = cuts.iter().map(|c| c.index(rows.len() + 1)).collect();
            cuts.extend([0, rows.len()]);
            cuts.sort_unstable();
            // Each piece is cut out of something longer.
            let pieces: Vec<(Vec<i32>, Vec<u8>)> = cuts.windows(2).map(|cut| {
                let (mut offsets, mut bytes) = (vec![2], vec![255; 2 * width]);
                for (row, at) in rows[cut[0]..cut[1]].iter().zip(cut[0]..) {
                    bytes.extend(vec![at as u8; length(row) * width]);
                    offsets.push((bytes.len() / width) as i32);
                }
                bytes.push(255);
                (offsets, bytes)
            }).collect();
            let spans: Vec<Spans> = pieces.iter().map(|(offsets, values)| Spans { offsets, values }).collect();
            // SAFETY: the offsets grow, and end within the bytes.
            let found = unsafe { group_spans(&spans, width, &groups) }.unwrap();
            prop_assert_eq!(&found.values, &values);
            prop_assert_eq!(&found.ends, &ends);
        }
    }
}
