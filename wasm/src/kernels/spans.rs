//! Values of unequal length, as spans of bytes, copied to the groups of their rows.

use arrow_buffer::{OffsetBuffer, ScalarBuffer};

use super::heads::{BLOCK_ROWS, Heads};
use super::row_groups::{RowGroups, Rows};
use crate::error::{EngineError, Result};

/// Where the values of each group end.
pub struct GroupOffsets {
    pub of_groups: Vec<OffsetBuffer<i32>>,
    /// The length of the longest value of each piece.
    longest: Vec<usize>,
}

/// `offsets`: those of each piece.
pub fn group_offsets(offsets: &[&[i32]], groups: &RowGroups<'_>) -> Result<GroupOffsets> {
    let total: i64 = offsets.iter().map(|o| i64::from(o[o.len() - 1]) - i64::from(o[0])).sum();
    if total > i64::from(i32::MAX) {
        return Err(EngineError::unsupported(
            "a column of the rows to split by partition holds more than 2 GiB of values",
        ));
    }
    let mut all: Vec<Vec<i32>> = groups.sizes.iter().map(|rows| Vec::with_capacity(rows + 1)).collect();
    all.iter_mut().for_each(|ends| ends.push(0));
    let mut heads = Heads::new(&mut all, &groups.sizes, groups.rows());
    let pieces = offsets.iter().zip(groups.cut(offsets.iter().map(|o| o.len() - 1)));
    // SAFETY: each group begins with a 0, and has room for the ends of its rows.
    let longest = pieces.map(|(offsets, rows)| unsafe { append_ends(offsets, rows, &mut heads) }).collect();
    let whole = |(mut ends, rows): (Vec<i32>, &usize)| {
        // SAFETY: the end of each row was written: `cut` gives all rows. They start at 0, and grow by the lengths of
        // values, whose sum fits.
        unsafe {
            ends.set_len(rows + 1);
            OffsetBuffer::new_unchecked(ScalarBuffer::from(ends))
        }
    };
    Ok(GroupOffsets { of_groups: all.into_iter().zip(&groups.sizes).map(whole).collect(), longest })
}

/// Answers the length of the longest value.
///
/// # Safety
/// There is a group for each id, with an end before its head and room for those of its rows.
unsafe fn append_ends(offsets: &[i32], rows: Rows<'_>, heads: &mut Heads<i32>) -> usize {
    let (mut start, mut longest) = (offsets[0], 0);
    for (ids, ends) in rows.ids.chunks(BLOCK_ROWS).zip(offsets[1..].chunks(BLOCK_ROWS)) {
        heads.look_ahead();
        for (id, end) in ids.iter().zip(ends) {
            let len = end - start;
            start = *end;
            longest = len.max(longest);
            unsafe {
                let head = heads.of(*id);
                head.write(*head.sub(1) + len);
                *head = head.add(1);
            }
        }
    }
    longest as usize
}

/// The values of one piece.
#[derive(Clone, Copy)]
pub struct Spans<'a> {
    pub offsets: &'a [i32],
    pub values: &'a [u8],
}

/// Values up to here are copied as whole words, past their end: calls for lengths that differ are slow.
const SHORT: usize = 64;
const WORD: usize = 8;

/// The bytes of each group's values; one unit of an offset is `width` bytes.
pub fn group_values(
    pieces: &[Spans<'_>],
    width: usize,
    offsets: &GroupOffsets,
    groups: &RowGroups<'_>,
) -> Vec<Vec<u8>> {
    let sizes: Vec<usize> = offsets.of_groups.iter().map(|ends| ends[ends.len() - 1] as usize * width).collect();
    // SHORT bytes can be written behind what is filled, whatever is still to come.
    let mut all: Vec<Vec<u8>> = sizes.iter().map(|size| Vec::with_capacity(size + SHORT)).collect();
    let mut heads = Heads::new(&mut all, &sizes, groups.rows());
    let lengths = pieces.iter().map(|p| p.offsets.len() - 1);
    for ((piece, longest), rows) in pieces.iter().zip(&offsets.longest).zip(groups.cut(lengths)) {
        // SAFETY: there is room for the groups' values, which `offsets` were counted from, and SHORT bytes more; no
        // value is longer than the longest.
        unsafe {
            match longest * width {
                0 => {}
                1..=8 => copy::<1>(*piece, width, rows, &mut heads),
                9..=16 => copy::<2>(*piece, width, rows, &mut heads),
                17..=32 => copy::<4>(*piece, width, rows, &mut heads),
                _ => copy::<ANY>(*piece, width, rows, &mut heads),
            }
        }
    }
    for (values, size) in all.iter_mut().zip(sizes) {
        // SAFETY: the values of all rows were copied, which are so many bytes.
        unsafe { values.set_len(size) };
    }
    all
}

/// Words of values that may be of any length.
const ANY: usize = 0;

/// Copies values of at most so many words, all as if they were as long.
///
/// # Safety
/// They are; there is a group for each id, with room for its values and SHORT bytes more.
unsafe fn copy<const WORDS: usize>(piece: Spans<'_>, width: usize, rows: Rows<'_>, heads: &mut Heads<u8>) {
    let Spans { offsets, values } = piece;
    let read = if WORDS == ANY { SHORT } else { WORDS * WORD };
    // From here on, that would be past the end of the piece.
    let safe = offsets[1..].partition_point(|end| *end as usize * width + read <= values.len());
    let mut start = offsets[0] as usize * width;
    for (ids, ends) in rows.ids[..safe].chunks(BLOCK_ROWS).zip(offsets[1..].chunks(BLOCK_ROWS)) {
        heads.look_ahead();
        for (id, end) in ids.iter().zip(ends) {
            let end = *end as usize * width;
            // SAFETY: `read` bytes can be read from `start` on, and be written; the rest is the caller's promise.
            unsafe {
                let head = heads.of(*id);
                let from = values.as_ptr().add(start);
                if WORDS == ANY {
                    copy_any(from, *head, end - start);
                } else {
                    copy_words::<WORDS>(from, *head);
                }
                *head = head.add(end - start);
            }
            start = end;
        }
    }
    for (id, end) in rows.ids[safe..].iter().zip(&offsets[safe + 1..]) {
        let value = &values[start..*end as usize * width];
        // SAFETY: there is room for the value.
        unsafe {
            let head = heads.of(*id);
            head.copy_from_nonoverlapping(value.as_ptr(), value.len());
            *head = head.add(value.len());
        }
        start += value.len();
    }
}

/// # Safety
/// So many words are readable at `from` and writable at `to`.
#[inline(always)]
unsafe fn copy_words<const WORDS: usize>(from: *const u8, to: *mut u8) {
    let (from, to) = (from.cast::<[u8; WORD]>(), to.cast::<[u8; WORD]>());
    for word in 0..WORDS {
        unsafe { to.add(word).write(from.add(word).read()) };
    }
}

/// # Safety
/// `len` bytes, and at least SHORT, are readable at `from` and writable at `to`.
#[inline(always)]
unsafe fn copy_any(from: *const u8, to: *mut u8, len: usize) {
    const HALF: usize = SHORT / 2;
    unsafe {
        if len > SHORT {
            return to.copy_from_nonoverlapping(from, len);
        }
        copy_words::<{ HALF / WORD }>(from, to);
        if len > HALF {
            copy_words::<{ HALF / WORD }>(from.add(HALF), to.add(HALF));
        }
    }
}
