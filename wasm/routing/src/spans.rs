//! Values of unequal length, as spans of bytes, copied to the groups of their rows.

use super::heads::{BLOCK_ROWS, Heads};
use super::row_groups::{RowGroups, Rows};
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
    let (ends, longest) = ends_and_longest(&pieces.iter().map(|p| p.offsets).collect::<Vec<_>>(), groups)?;
    // SAFETY: the caller's promise; the ends and the longest are those of these pieces.
    let values = unsafe { group_values(pieces, width, &ends, &longest, groups) };
    Some(GroupSpans { ends, values })
}

/// For each group a 0, and where each of its rows' values ends. None: they are more than offsets can say.
pub fn group_ends(offsets: &[&[i32]], groups: &RowGroups<'_>) -> Option<Vec<Vec<i32>>> {
    ends_and_longest(offsets, groups).map(|(ends, _)| ends)
}

/// The ends of each group, and the length of the longest value of each piece.
fn ends_and_longest(offsets: &[&[i32]], groups: &RowGroups<'_>) -> Option<(Vec<Vec<i32>>, Vec<usize>)> {
    let total: i64 = offsets.iter().map(|o| i64::from(o[o.len() - 1]) - i64::from(o[0])).sum();
    if total > i64::from(i32::MAX) {
        return None;
    }
    let mut of_groups: Vec<Vec<i32>> = groups.sizes().iter().map(|rows| Vec::with_capacity(rows + 1)).collect();
    of_groups.iter_mut().for_each(|ends| ends.push(0));
    let mut heads = Heads::new(&mut of_groups, groups.sizes(), groups.rows());
    let pieces = offsets.iter().zip(groups.cut(offsets.iter().map(|o| o.len() - 1)));
    // SAFETY: each group begins with a 0, and has room for the ends of its rows.
    let longest = pieces.map(|(offsets, rows)| unsafe { append_ends(offsets, rows, &mut heads) }).collect();
    for (ends, rows) in of_groups.iter_mut().zip(groups.sizes()) {
        // SAFETY: the end of each row was written: `cut` gives all rows.
        unsafe { ends.set_len(rows + 1) };
    }
    Some((of_groups, longest))
}

/// Answers the length of the longest value.
///
/// # Safety
/// There is a group for each id, with an end before its head and room for those of its rows.
unsafe fn append_ends(offsets: &[i32], rows: Rows<'_>, heads: &mut Heads<i32>) -> usize {
    let (mut start, mut longest) = (offsets[0], 0);
    for (ids, ends) in rows.ids.chunks(BLOCK_ROWS).zip(offsets[1..].chunks(BLOCK_ROWS)) {
        let heads = heads.ahead();
        for (id, end) in ids.iter().zip(ends) {
            let len = end - start;
            start = *end;
            longest = len.max(longest);
            unsafe {
                let head = heads.get_unchecked_mut(*id as usize);
                let to = *head;
                *head = to.add(1);
                to.write(*to.sub(1) + len);
            }
        }
    }
    longest as usize
}

/// Values up to here are copied as whole words, past their end: calls for lengths that differ are slow.
const SHORT: usize = 64;

/// `ends`: where the values of each group end; `longest`: the length of the longest value of each piece.
///
/// # Safety
/// They are; and that of `group_spans`.
unsafe fn group_values(
    pieces: &[Spans<'_>],
    width: usize,
    ends: &[Vec<i32>],
    longest: &[usize],
    groups: &RowGroups<'_>,
) -> Vec<Vec<u8>> {
    let sizes: Vec<usize> = ends.iter().map(|ends| ends[ends.len() - 1] as usize * width).collect();
    // SHORT bytes can be written behind what is filled, whatever is still to come.
    let mut all: Vec<Vec<u8>> = sizes.iter().map(|size| Vec::with_capacity(size + SHORT)).collect();
    let mut heads = Heads::new(&mut all, &sizes, groups.rows());
    let lengths = pieces.iter().map(|p| p.offsets.len() - 1);
    for ((piece, longest), rows) in pieces.iter().zip(longest).zip(groups.cut(lengths)) {
        // SAFETY: there is room for the groups' values and SHORT bytes more; no value is longer than the longest.
        unsafe {
            match longest * width {
                0 => {}
                1..=8 => copy8(*piece, width, rows, &mut heads),
                9..=16 => copy16(*piece, width, rows, &mut heads),
                17..=32 => copy32(*piece, width, rows, &mut heads),
                _ => copy_any(*piece, width, rows, &mut heads),
            }
        }
    }
    for (values, size) in all.iter_mut().zip(sizes) {
        // SAFETY: the values of all rows were copied, which are so many bytes.
        unsafe { values.set_len(size) };
    }
    all
}

/// Values of at most 8 bytes, all as if they were as long.
///
/// # Safety
/// They are; there is a group for each id, with room for its values and SHORT bytes more.
unsafe fn copy8(piece: Spans<'_>, width: usize, rows: Rows<'_>, heads: &mut Heads<u8>) {
    unsafe { copy::<8>(piece, width, rows, heads, |from, to, _| copy_words::<u64, 1>(from, to)) }
}

/// # Safety
/// As above, 16.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
unsafe fn copy16(piece: Spans<'_>, width: usize, rows: Rows<'_>, heads: &mut Heads<u8>) {
    unsafe { copy::<16>(piece, width, rows, heads, |from, to, _| copy_words::<Wide, 1>(from, to)) }
}

/// # Safety
/// As above, 32.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
unsafe fn copy32(piece: Spans<'_>, width: usize, rows: Rows<'_>, heads: &mut Heads<u8>) {
    unsafe { copy::<32>(piece, width, rows, heads, |from, to, _| copy_words::<Wide, 2>(from, to)) }
}

/// # Safety
/// As above, of any length.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
unsafe fn copy_any(piece: Spans<'_>, width: usize, rows: Rows<'_>, heads: &mut Heads<u8>) {
    const HALF: usize = SHORT / 2;
    let copy_one = |from: *const u8, to: *mut u8, len| unsafe {
        if len > SHORT {
            return to.copy_from_nonoverlapping(from, len);
        }
        copy_words::<Wide, 2>(from, to);
        if len > HALF {
            copy_words::<Wide, 2>(from.add(HALF), to.add(HALF));
        }
    };
    unsafe { copy::<SHORT>(piece, width, rows, heads, copy_one) }
}

/// # Safety
/// So many words are readable at `from` and writable at `to`.
#[inline(always)]
unsafe fn copy_words<Word, const WORDS: usize>(from: *const u8, to: *mut u8) {
    let (from, to) = (from.cast::<Word>(), to.cast::<Word>());
    for word in 0..WORDS {
        unsafe { to.add(word).write_unaligned(from.add(word).read_unaligned()) };
    }
}

/// `copy_one` copies from, to, so many bytes; it may read and write `READ` bytes whatever their number.
///
/// # Safety
/// As above; `READ` is at most SHORT.
#[inline(always)]
unsafe fn copy<const READ: usize>(
    piece: Spans<'_>,
    width: usize,
    rows: Rows<'_>,
    heads: &mut Heads<u8>,
    copy_one: impl Fn(*const u8, *mut u8, usize),
) {
    let Spans { offsets, values } = piece;
    // From here on, that would be past the end of the piece.
    let safe = offsets[1..].partition_point(|end| *end as usize * width + READ <= values.len());
    let mut start = offsets[0] as usize * width;
    for (ids, ends) in rows.ids[..safe].chunks(BLOCK_ROWS).zip(offsets[1..].chunks(BLOCK_ROWS)) {
        let heads = heads.ahead();
        for (id, end) in ids.iter().zip(ends) {
            let end = *end as usize * width;
            // SAFETY: READ bytes can be read from `start` on, and be written; the rest is the caller's promise.
            unsafe {
                let head = heads.get_unchecked_mut(*id as usize);
                let to = *head;
                *head = to.add(end - start);
                copy_one(values.as_ptr().add(start), to, end - start);
            }
            start = end;
        }
    }
    let heads = heads.ahead();
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
