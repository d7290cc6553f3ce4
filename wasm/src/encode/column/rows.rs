//! Rows in chunks, as one leaf sees them.

use std::ops::Range;

use arrow_buffer::{NullBuffer, ScalarBuffer};

use super::values::LeafValues;

/// What is on the way to a leaf's values, and at its end the leaf.
pub struct Node {
    pub nullable: bool,
    /// None where nothing is null.
    pub nulls: Option<NullBuffer>,
    /// Of a list or a map: where its elements are among the slots of the next node.
    pub offsets: Option<ScalarBuffer<i32>>,
}

/// One chunk of rows.
pub struct LeafRows {
    pub rows: usize,
    pub nodes: Vec<Node>,
    pub values: LeafValues,
}

impl LeafRows {
    /// The slots of values that these rows have, those of nulls among them.
    fn slots(&self, rows: Range<usize>) -> Range<usize> {
        self.nodes.iter().filter_map(|node| node.offsets.as_ref()).fold(rows, |slots, offsets| {
            // An empty list may come without any offset.
            let at = |slot: usize| offsets.get(slot).map_or(0, |offset| *offset as usize);
            at(slots.start)..at(slots.end)
        })
    }
}

/// A leaf's rows of one row group.
pub struct Rows {
    chunks: Vec<LeafRows>,
}

/// How far the rows were read.
#[derive(Clone, Copy, Default)]
pub struct Place {
    chunk: usize,
    row: usize,
}

/// Slots of values, and their bytes where they are texts.
#[derive(Clone, Copy, Default)]
pub struct Extent {
    pub slots: usize,
    pub text_bytes: usize,
}

impl Rows {
    pub fn new(chunks: Vec<LeafRows>) -> Self {
        Self { chunks }
    }

    pub fn count(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.rows).sum()
    }

    pub fn chunk(&self, at: usize) -> &LeafRows {
        &self.chunks[at]
    }

    /// The next `count` rows, or as many as there are, by chunk.
    pub fn parts(&self, from: Place, count: usize) -> impl Iterator<Item = (usize, Range<usize>)> {
        let mut missing = count;
        let mut start = from.row;
        (from.chunk..self.chunks.len()).map_while(move |at| {
            let end = self.chunks[at].rows.min(start + missing);
            let rows = std::mem::take(&mut start)..end;
            missing -= rows.len();
            (!rows.is_empty() || missing > 0).then_some((at, rows))
        })
    }

    pub fn after(&self, from: Place, count: usize) -> Place {
        let last = self.parts(from, count).last();
        last.map_or(from, |(chunk, rows)| Place { chunk, row: rows.end })
    }

    pub fn extent(&self, from: Place, count: usize) -> Extent {
        self.parts(from, count).fold(Extent::default(), |sum, (at, rows)| {
            let chunk = &self.chunks[at];
            let slots = chunk.slots(rows);
            Extent { slots: sum.slots + slots.len(), text_bytes: sum.text_bytes + chunk.values.text_bytes(slots) }
        })
    }

    /// Lets go of the chunks before `place`.
    pub fn free_before(&mut self, place: &mut Place) {
        self.chunks.drain(..place.chunk);
        place.chunk = 0;
    }
}
