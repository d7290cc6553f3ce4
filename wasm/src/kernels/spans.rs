//! Values of unequal length, as spans of bytes, copied to the groups of their rows.

use arrow_buffer::{OffsetBuffer, ScalarBuffer};

use super::row_groups::{RowGroups, warm};
use crate::error::{EngineError, Result};

/// Offsets of each group's values; `offsets`: those of each piece.
pub fn group_offsets(offsets: &[&[i32]], groups: &RowGroups<'_>) -> Result<Vec<OffsetBuffer<i32>>> {
    let total: i64 = offsets.iter().map(|o| i64::from(o[o.len() - 1]) - i64::from(o[0])).sum();
    if total > i64::from(i32::MAX) {
        return Err(EngineError::unsupported(
            "a column of the rows to split by partition holds more than 2 GiB of values",
        ));
    }
    let first = |rows: &usize| {
        let mut ends = Vec::with_capacity(rows + 1);
        ends.push(0);
        ends
    };
    let mut all: Vec<Vec<i32>> = groups.sizes.iter().map(first).collect();
    for block in &groups.blocks {
        let offsets = offsets[block.piece];
        warm(&offsets[block.rows.clone()]);
        for (group, rows) in groups.runs(block) {
            let ends = &mut all[group];
            let mut end = ends[ends.len() - 1];
            ends.extend(rows.iter().map(|row| {
                let row = *row as usize;
                end += offsets[row + 1] - offsets[row];
                end
            }));
        }
    }
    // SAFETY: they start at 0, and grow by the lengths of values, whose sum fits.
    Ok(all.into_iter().map(|ends| unsafe { OffsetBuffer::new_unchecked(ScalarBuffer::from(ends)) }).collect())
}

/// Values up to here are copied in steps of a fixed size, past their end: calls for lengths that differ are slow.
const SHORT: usize = 64;
const STEP: usize = 16;

/// The values of one piece.
#[derive(Clone, Copy)]
pub struct Spans<'a> {
    pub offsets: &'a [i32],
    pub values: &'a [u8],
}

/// The bytes of each group's values, whose offsets are `ends`; one unit of an offset is `width` bytes.
pub fn group_values(
    pieces: &[Spans<'_>],
    width: usize,
    ends: &[OffsetBuffer<i32>],
    groups: &RowGroups<'_>,
) -> Vec<Vec<u8>> {
    // SHORT bytes can be written behind what is filled, whatever is still to come.
    let room = |ends: &OffsetBuffer<i32>| Vec::with_capacity(ends[ends.len() - 1] as usize * width + SHORT);
    let mut all: Vec<Vec<u8>> = ends.iter().map(room).collect();
    for block in &groups.blocks {
        let Spans { offsets, values } = pieces[block.piece];
        let place = |row: usize| offsets[row] as usize * width;
        warm(&values[place(block.rows.start)..place(block.rows.end)]);
        // From here on, SHORT bytes would be read past the end of the piece.
        let end = (values.len() + 1).saturating_sub(SHORT);
        for (group, rows) in groups.runs(block) {
            let out = &mut all[group];
            let mut filled = out.len();
            for row in rows {
                let row = *row as usize;
                let pair = &offsets[row..row + 2];
                let (start, len) = (pair[0] as usize * width, (pair[1] - pair[0]) as usize * width);
                if len <= SHORT && start < end {
                    // SAFETY: SHORT bytes can be read from `start` on; the group has room for its values and SHORT more.
                    unsafe { copy_short(values.as_ptr().add(start), out.as_mut_ptr().add(filled), len) };
                    filled += len;
                } else {
                    // SAFETY: so many were written.
                    unsafe { out.set_len(filled) };
                    out.extend_from_slice(&values[start..start + len]);
                    filled = out.len();
                }
            }
            // SAFETY: as above.
            unsafe { out.set_len(filled) };
        }
    }
    all
}

/// Copies at least `len` bytes, STEP at a time.
///
/// # Safety
/// `len` is at most SHORT, and SHORT bytes are readable at `from` and writable at `to`.
#[inline(always)]
unsafe fn copy_short(from: *const u8, to: *mut u8, len: usize) {
    let (from, to) = (from.cast::<[u64; 2]>(), to.cast::<[u64; 2]>());
    // Most are done with the first step.
    unsafe { to.write_unaligned(from.read_unaligned()) };
    let mut step = 1;
    while step * STEP < len {
        unsafe { to.add(step).write_unaligned(from.add(step).read_unaligned()) };
        step += 1;
    }
}
