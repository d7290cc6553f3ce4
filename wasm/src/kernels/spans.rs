//! Values of unequal length, as spans of bytes, copied to the groups of their rows.

use arrow_buffer::{OffsetBuffer, ScalarBuffer};

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
    let open = |ends: &mut Vec<i32>| {
        ends.push(0);
        // SAFETY: there is room for one more than the group's rows.
        Open { end: 0, ends: unsafe { ends.as_mut_ptr().add(1) } }
    };
    let mut open: Vec<Open> = all.iter_mut().map(open).collect();
    let pieces = offsets.iter().zip(groups.cut(offsets.iter().map(|o| o.len() - 1)));
    // SAFETY: all groups are open, with room for the ends of their rows.
    let longest = pieces.map(|(offsets, rows)| unsafe { place_ends(offsets, rows, &mut open) }).collect();
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

/// A group whose offsets are written.
struct Open {
    /// Of what is there of it.
    end: i32,
    /// Where the end of the group's first value goes.
    ends: *mut i32,
}

/// Answers the length of the longest value.
///
/// # Safety
/// There is an open group for each id, with room for the ends of its rows.
unsafe fn place_ends(offsets: &[i32], rows: Rows<'_>, open: &mut [Open]) -> usize {
    let (mut start, mut longest) = (offsets[0], 0);
    for ((id, place), end) in rows.ids.iter().zip(rows.places).zip(&offsets[1..]) {
        let len = end - start;
        start = *end;
        longest = len.max(longest);
        unsafe {
            let group = open.get_unchecked_mut(*id as usize);
            group.end += len;
            group.ends.add(*place as usize).write(group.end);
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
    let mut out = Out::new(&mut all, &sizes, groups.sizes.iter().sum());
    let lengths = pieces.iter().map(|p| p.offsets.len() - 1);
    for ((piece, longest), rows) in pieces.iter().zip(&offsets.longest).zip(groups.cut(lengths)) {
        // SAFETY: there is room for the groups' values, which `offsets` were counted from, and SHORT bytes more; no
        // value is longer than the longest.
        unsafe {
            match longest * width {
                0 => {}
                1..=8 => out.copy::<1>(*piece, width, rows),
                9..=16 => out.copy::<2>(*piece, width, rows),
                17..=32 => out.copy::<4>(*piece, width, rows),
                _ => out.copy::<ANY>(*piece, width, rows),
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

/// Rows between two looks ahead: what is written of them stays in cache.
const BLOCK_ROWS: usize = 8_192;

const CACHE_LINE_BYTES: usize = 64;

/// Where the groups' values go.
struct Out {
    /// The next value of each group.
    heads: Vec<*mut u8>,
    ahead: Vec<Ahead>,
}

/// What is known of a group's values to come.
struct Ahead {
    end: *mut u8,
    /// What a block has of them, on average.
    bytes: usize,
}

impl Out {
    fn new(all: &mut [Vec<u8>], sizes: &[usize], rows: usize) -> Self {
        let heads: Vec<*mut u8> = all.iter_mut().map(Vec::as_mut_ptr).collect();
        let of_block = |size: usize| (size as u64 * BLOCK_ROWS as u64 / rows.max(1) as u64) as usize;
        // Of many groups, each block has too little to look ahead for.
        let few = of_block(sizes.iter().sum()) > 2 * CACHE_LINE_BYTES * sizes.len();
        let group = |(head, size): (&*mut u8, &usize)| {
            // SAFETY: there is room for so many bytes.
            Ahead { end: unsafe { head.add(*size) }, bytes: of_block(*size) }
        };
        let ahead = if few { heads.iter().zip(sizes).map(group).collect() } else { Vec::new() };
        Self { heads, ahead }
    }

    /// Copies values of at most so many words, all as if they were as long.
    ///
    /// # Safety
    /// They are; there is a group for each id, with room for its values and SHORT bytes more.
    unsafe fn copy<const WORDS: usize>(&mut self, piece: Spans<'_>, width: usize, rows: Rows<'_>) {
        let Spans { offsets, values } = piece;
        let read = if WORDS == ANY { SHORT } else { WORDS * WORD };
        // From here on, that would be past the end of the piece.
        let safe = offsets[1..].partition_point(|end| *end as usize * width + read <= values.len());
        let mut start = offsets[0] as usize * width;
        for (ids, ends) in rows.ids[..safe].chunks(BLOCK_ROWS).zip(offsets[1..].chunks(BLOCK_ROWS)) {
            self.look_ahead();
            for (id, end) in ids.iter().zip(ends) {
                let end = *end as usize * width;
                // SAFETY: `read` bytes can be read from `start` on, and be written; the rest is the caller's promise.
                unsafe {
                    let head = self.heads.get_unchecked_mut(*id as usize);
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
            let end = *end as usize * width;
            let head = &mut self.heads[*id as usize];
            // SAFETY: there is room for the value.
            unsafe {
                head.copy_from_nonoverlapping(values[start..end].as_ptr(), end - start);
                *head = head.add(end - start);
            }
            start = end;
        }
    }

    /// Brings memory that is about to be written into cache, in order: the processor fetches ahead of that, and waits
    /// for each line where values go here and there.
    fn look_ahead(&self) {
        for (head, ahead) in self.heads.iter().zip(&self.ahead) {
            let left = ahead.end as usize - *head as usize;
            for at in (CACHE_LINE_BYTES..left.min(ahead.bytes)).step_by(CACHE_LINE_BYTES) {
                // SAFETY: it is in the group's room, behind what is filled.
                unsafe { head.add(at).write_volatile(0) };
            }
        }
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
