//! Which bytes of a row group are fetched next.

use std::ops::Range;

use super::super::windows::TAIL_BYTES;
use super::{Group, Step};
use crate::error::{EngineError, Result};

/// What is left beside the pages for a batch, at least.
const LEAST_BATCH_BYTES: u64 = 256 << 10;
const MOST_PIECE_BYTES: u64 = 8 << 20;
const LEAST_PIECE_BYTES: u64 = 64 << 10;

/// Bytes of a chunk that probably hold its first rows.
pub(super) fn share_of_rows(chunk: u64, first: u64, rows: u64) -> u64 {
    let share = u128::from(chunk) * u128::from(first) / u128::from(rows.max(1));
    (share as u64).saturating_mul(2).max(TAIL_BYTES)
}

impl Group {
    pub(super) fn needs(&self) -> Step {
        let mut ranges: Vec<Range<u64>> = self.asked.iter().map(|(_, range)| range.clone()).collect();
        ranges.sort_by_key(|range| range.start);
        // What lies between parts of chunks may be asked for later; what lies between pages mostly is not.
        Step::Needs { ranges, gap: if self.whole || self.has_gaps { TAIL_BYTES } else { 0 } }
    }

    /// Decides what to fetch next, or to make smaller batches of what is there: some leaf knows fewer rows than `row`.
    pub(super) fn ask(&mut self, row: u64) -> Result<()> {
        // By leaf: bytes without which nothing goes on, and bytes that it would like.
        let mut wanted = Vec::new();
        for leaf in &self.leaves {
            let leaf = leaf.lock();
            // What is behind the last selected row is not read.
            let is_enough = !self.whole && leaf.rows_known() >= self.selection.end();
            let (unasked, held) = (if is_enough { 0 } else { leaf.unasked() }, leaf.compressed());
            let least = if leaf.rows_known() < row { leaf.least() } else { 0 };
            let mut most = if self.whole { unasked } else { 0 };
            if least > 0 || held * 2 <= leaf.window {
                most = most.max(leaf.window.saturating_sub(held));
            }
            if least > 0 {
                most = most.max(leaf.window / 4).max(least);
            }
            if most > 0 && unasked <= most + TAIL_BYTES {
                most = unasked;
            }
            wanted.push((least, most.min(unasked)));
        }
        let held = self.held();
        let least: u64 = wanted.iter().map(|(least, _)| least).sum();
        let most: u64 = wanted.iter().map(|(_, most)| most).sum();
        let spare = self.plan.limit.saturating_sub(held + least);
        if spare < LEAST_BATCH_BYTES {
            // Rows that all leaves have can be given first.
            let known = self.leaves.iter().map(|leaf| leaf.lock().rows_known()).min().unwrap_or(row);
            let known = self.selection.count_in(self.row..known);
            if known > 0 {
                self.set_batch_rows(known as usize);
                return Ok(());
            }
            return Err(self.too_small(held + least + LEAST_BATCH_BYTES));
        }
        self.batch_bytes = self.batch_bytes.min(spare);
        let (extra, room) = (most - least, spare - self.batch_bytes);
        for (at, (least, most)) in wanted.iter().enumerate() {
            let part = if extra <= room {
                most - least
            } else {
                (u128::from(most - least) * u128::from(room) / u128::from(extra)) as u64
            };
            self.ask_leaf(at, least + part);
        }
        if self.asked.is_empty() { Err(EngineError::failed("no bytes are left to ask for")) } else { Ok(()) }
    }

    fn ask_leaf(&mut self, at: usize, bytes: u64) {
        let mut leaf = self.leaves[at].lock();
        // A piece is held until its last page was taken. The host joins pieces that follow each other.
        let part = if self.whole { self.plan.limit / 16 } else { leaf.window / 4 };
        let piece = part.clamp(LEAST_PIECE_BYTES, MOST_PIECE_BYTES);
        let mut left = bytes;
        while left > 0 {
            let range = leaf.ask(if left <= piece + TAIL_BYTES { left } else { piece });
            left -= range.end - range.start;
            self.asked.push((at, range));
        }
    }
}
