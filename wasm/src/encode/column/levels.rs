//! Repetition and definition levels of a page, and which slots of values are there.

use std::ops::Range;

use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use icestream_encodings::{self as encodings, Entries};

use super::rows::{LeafRows, Node};

/// How often each level is there, in one column chunk.
pub struct Histograms {
    pub repetition: Vec<i64>,
    pub definition: Vec<i64>,
}

/// Null where the schema has no nulls.
#[derive(Debug)]
pub struct NullInRequired;

/// What the entries of a page are.
enum Definition {
    /// Values all of them.
    Required,
    /// Values or nulls of a column that is not nested.
    Flat(BooleanBufferBuilder),
    Nested(Entries),
}

pub struct Levels {
    definition: Definition,
    pub entries: usize,
    pub values: usize,
}

fn level_width(levels: &[i64]) -> usize {
    (usize::BITS - (levels.len() - 1).leading_zeros()) as usize
}

impl Histograms {
    pub fn new(max_repetition: i16, max_definition: i16) -> Self {
        Self { repetition: vec![0; max_repetition as usize + 1], definition: vec![0; max_definition as usize + 1] }
    }
}

impl Levels {
    pub fn new(of: &Histograms) -> Self {
        let definition = match (of.repetition.len(), of.definition.len()) {
            (1, 1) => Definition::Required,
            (1, 2) => Definition::Flat(BooleanBufferBuilder::new(0)),
            _ => Definition::Nested(Entries { repetition: Vec::new(), definition: Vec::new() }),
        };
        Self { definition, entries: 0, values: 0 }
    }

    /// Adds rows; answers which slots of the chunk's values are theirs.
    pub fn add(
        &mut self,
        chunk: &LeafRows,
        rows: Range<usize>,
        histograms: &mut Histograms,
    ) -> Result<Vec<Range<usize>>, NullInRequired> {
        let mut walk = Walk::new(rows);
        match &mut self.definition {
            Definition::Required | Definition::Flat(_) if chunk.nodes.len() == 1 => {
                let node = &chunk.nodes[0];
                let rows = walk.slots[0].clone();
                if let Some(nulls) = &node.nulls {
                    walk.slots = valid_runs(nulls, &rows).collect();
                }
                walk.alive = walk.slots.iter().map(Range::len).sum();
                if let Definition::Flat(bits) = &mut self.definition {
                    match &node.nulls {
                        Some(nulls) => bits.append_buffer(&nulls.inner().slice(rows.start, rows.len())),
                        None => bits.append_n(rows.len(), true),
                    }
                    histograms.definition[0] += (rows.len() - walk.alive) as i64;
                } else if walk.alive < rows.len() {
                    return Err(NullInRequired);
                }
                self.entries += rows.len();
                histograms.repetition[0] += rows.len() as i64;
            }
            definition => {
                histograms.repetition[0] += walk.entries() as i64;
                for node in &chunk.nodes {
                    walk.through(node, histograms)?;
                }
                self.entries += walk.entries();
                match definition {
                    Definition::Required => {}
                    Definition::Flat(bits) => walk.entries.definition.iter().for_each(|level| bits.append(*level == 1)),
                    // Mostly all rows of a page are in one chunk.
                    Definition::Nested(all) if all.definition.is_empty() => *all = walk.entries,
                    Definition::Nested(all) => {
                        all.repetition.append(&mut walk.entries.repetition);
                        all.definition.append(&mut walk.entries.definition);
                    }
                }
            }
        }
        self.values += walk.alive;
        if let Some(present) = histograms.definition.last_mut() {
            *present += walk.alive as i64;
        }
        Ok(walk.slots)
    }

    /// As a page begins with them, each kind after its length.
    pub fn write(self, of: &Histograms, out: &mut Vec<u8>) {
        match self.definition {
            Definition::Required => {}
            Definition::Flat(_) if self.values == self.entries => {
                with_length(out, |out| encodings::run(1, self.entries, 1, out));
            }
            Definition::Flat(mut bits) => {
                let bits = bits.finish();
                with_length(out, |out| encodings::bits_as_levels(bits.values(), self.entries, out));
            }
            Definition::Nested(Entries { repetition, definition }) => {
                for (levels, width) in
                    [(repetition, level_width(&of.repetition)), (definition, level_width(&of.definition))]
                {
                    if width > 0 {
                        with_length(out, |out| encodings::levels(&levels, width, out));
                    }
                }
            }
        }
    }
}

fn with_length(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = (out.len() - at - 4) as u32;
    out[at..at + 4].copy_from_slice(&length.to_le_bytes());
}

/// The slots in `range` that are not null, in runs.
fn valid_runs(nulls: &NullBuffer, range: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let start = range.start;
    let bits = nulls.inner().slice(start, range.len());
    let runs: Vec<_> = bits.set_slices().map(|(from, to)| start + from..start + to).collect();
    runs.into_iter()
}

/// The way of some rows through the nodes, one after the other, to the leaf.
struct Walk {
    /// Those that ended at a null or an empty list keep their definition level.
    entries: Entries,
    /// The slots of the node in hand that belong to entries which did not end, in order.
    slots: Vec<Range<usize>>,
    /// How many those are.
    alive: usize,
    /// The definition level of entries that did not end.
    level: u8,
    lists: u8,
}

impl Walk {
    fn new(rows: Range<usize>) -> Self {
        let count = rows.len();
        Self {
            entries: Entries { repetition: vec![0; count], definition: vec![0; count] },
            slots: vec![rows],
            alive: count,
            level: 0,
            lists: 0,
        }
    }

    fn entries(&self) -> usize {
        self.entries.definition.len()
    }

    fn through(&mut self, node: &Node, histograms: &mut Histograms) -> Result<(), NullInRequired> {
        if node.nullable {
            let before = self.alive;
            match &node.nulls {
                Some(nulls) => self.end_at_nulls(nulls),
                None => self.rise(),
            }
            histograms.definition[usize::from(self.level)] += (before - self.alive) as i64;
            self.level += 1;
        } else if let Some(nulls) = &node.nulls {
            let valid: usize = self.slots.iter().flat_map(|range| valid_runs(nulls, range)).map(|run| run.len()).sum();
            if valid < self.alive {
                return Err(NullInRequired);
            }
        }
        if let Some(offsets) = &node.offsets {
            self.enter_lists(offsets, histograms);
        }
        Ok(())
    }

    /// All that did not end are there.
    fn rise(&mut self) {
        let level = self.level;
        if self.alive == self.entries() {
            self.entries.definition.fill(level + 1);
        } else {
            self.entries.definition.iter_mut().for_each(|held| *held += u8::from(*held == level));
        }
    }

    fn end_at_nulls(&mut self, nulls: &NullBuffer) {
        let level = self.level;
        let mut slots = Vec::new();
        if self.alive == self.entries() {
            let mut at = 0;
            for range in &self.slots {
                for run in valid_runs(nulls, range) {
                    let entry = at + run.start - range.start;
                    self.entries.definition[entry..entry + run.len()].fill(level + 1);
                    slots.push(run);
                }
                at += range.len();
            }
        } else {
            let mut of = self.slots.iter().cloned().flatten();
            for held in self.entries.definition.iter_mut().filter(|held| **held == level) {
                if of.next().is_some_and(|slot| nulls.is_valid(slot)) {
                    *held += 1;
                }
            }
            slots.extend(self.slots.iter().flat_map(|range| valid_runs(nulls, range)));
        }
        self.slots = slots;
        self.alive = self.slots.iter().map(Range::len).sum();
    }

    fn enter_lists(&mut self, offsets: &[i32], histograms: &mut Histograms) {
        self.lists += 1;
        let before = self.entries();
        let empty = self.entries.into_lists(&self.slots, offsets, self.level, self.lists);
        histograms.definition[usize::from(self.level)] += empty as i64;
        histograms.repetition[usize::from(self.lists)] += (self.entries() - before) as i64;
        let children = |range: &Range<usize>| match range.is_empty() {
            true => 0..0,
            false => offsets[range.start] as usize..offsets[range.end] as usize,
        };
        self.slots = self.slots.iter().map(children).filter(|range| !range.is_empty()).collect();
        self.alive = self.slots.iter().map(Range::len).sum();
        self.level += 1;
    }
}
