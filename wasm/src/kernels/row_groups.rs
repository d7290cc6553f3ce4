//! The order in which rows are copied to their groups: block by block, and of a block group by group.

use std::ops::Range;

/// Rows of a block. What is read of it stays in cache until its last group is done; the more rows, the longer the runs
/// that are written.
const BLOCK_ROWS: usize = 8_192;

const CACHE_LINE_BYTES: usize = 64;

/// Rows of one piece, one after the other.
pub struct Block {
    pub piece: usize,
    /// In the piece.
    pub rows: Range<usize>,
    /// Its first row, over all pieces.
    start: usize,
    runs: Range<usize>,
}

struct RunEnd {
    group: u32,
    end: u32,
}

/// Which rows go to which group. The rows lie in pieces, one after the other.
pub struct RowGroups<'a> {
    /// The group of each row.
    pub ids: &'a [u32],
    /// Rows of each group.
    pub sizes: Vec<usize>,
    pub blocks: Vec<Block>,
    /// Row numbers within their piece, run by run.
    rows: Vec<u32>,
    runs: Vec<RunEnd>,
}

impl<'a> RowGroups<'a> {
    /// Rows of `count` groups, each in the order they have; `pieces`: rows of each.
    pub fn new(ids: &'a [u32], count: usize, pieces: impl Iterator<Item = usize>) -> Self {
        let mut groups = Self { ids, sizes: vec![0; count], blocks: vec![], rows: vec![0; ids.len()], runs: vec![] };
        // Of each group: rows in the block, then where its next row goes.
        let mut next = vec![0u32; count];
        let mut start = 0;
        for (piece, rows) in pieces.enumerate() {
            for first in (0..rows).step_by(BLOCK_ROWS) {
                let rows = first..rows.min(first + BLOCK_ROWS);
                groups.add(piece, rows.clone(), start, &mut next);
                start += rows.len();
            }
        }
        groups
    }

    fn add(&mut self, piece: usize, rows: Range<usize>, start: usize, next: &mut [u32]) {
        let ids = &self.ids[start..start + rows.len()];
        let first_run = self.runs.len();
        for id in ids {
            let count = &mut next[*id as usize];
            if *count == 0 {
                self.runs.push(RunEnd { group: *id, end: 0 });
            }
            *count += 1;
        }
        let mut end = start as u32;
        for run in &mut self.runs[first_run..] {
            let group = run.group as usize;
            self.sizes[group] += next[group] as usize;
            run.end = end + next[group];
            next[group] = end;
            end = run.end;
        }
        for (row, id) in (rows.start as u32..).zip(ids) {
            let at = &mut next[*id as usize];
            self.rows[*at as usize] = row;
            *at += 1;
        }
        for run in &self.runs[first_run..] {
            next[run.group as usize] = 0;
        }
        self.blocks.push(Block { piece, rows, start, runs: first_run..self.runs.len() });
    }

    /// Each group that has rows in the block, and those rows' numbers within the piece, ascending.
    pub fn runs(&self, block: &Block) -> impl Iterator<Item = (usize, &[u32])> {
        let mut start = block.start;
        self.runs[block.runs.clone()].iter().map(move |run| {
            let rows = &self.rows[start..run.end as usize];
            start = run.end as usize;
            (run.group as usize, rows)
        })
    }

    /// Row numbers of each group, over all pieces.
    pub fn over_all(&self) -> Vec<Vec<u32>> {
        let mut all: Vec<Vec<u32>> = self.sizes.iter().map(|rows| Vec::with_capacity(*rows)).collect();
        for block in &self.blocks {
            let piece_start = (block.start - block.rows.start) as u32;
            for (group, rows) in self.runs(block) {
                all[group].extend(rows.iter().map(|row| piece_start + row));
            }
        }
        all
    }
}

/// Brings values that are about to be read here and there into cache, in order: the processor fetches ahead of that, and
/// waits for each line otherwise.
pub fn warm<T: Copy>(values: &[T]) {
    for value in values.iter().step_by((CACHE_LINE_BYTES / size_of::<T>()).max(1)) {
        std::hint::black_box(*value);
    }
}
