//! One row group as batches, a bounded part of it held at a time.

mod asking;
mod decoding;

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::file::metadata::ParquetMetaData;

use self::asking::share_of_rows;
use super::columns::{Column, ROOM_BYTES, Root};
use super::leaf::Leaf;
use super::leaf_pages::SharedLeaf;
use super::maps::{MapEntries, MapLeaves};
use super::offset_index::PageLocation;
use super::selection::Selection;
use super::windows::windows;
use crate::error::{EngineError, Result};

/// A batch of wide rows has fewer: about this many bytes.
const BATCH_BYTES: u64 = 8 << 20;

/// What does not change from row group to row group.
pub struct Plan {
    pub metadata: Arc<ParquetMetaData>,
    /// Of the whole file.
    pub schema: SchemaRef,
    /// Fields that are read, and their leaves.
    pub roots: Vec<Root>,
    pub leaves: Vec<usize>,
    pub maps: Vec<MapLeaves>,
    pub batch_rows: usize,
    /// Bytes that may be held: what was fetched, pages in use, the batch in the making.
    pub limit: u64,
    pub file_bytes: u64,
    /// Bytes that the selections of all row groups take.
    pub selection_bytes: u64,
    /// What an offset index must save to be asked for.
    pub offset_index_cost: u64,
}

pub enum Step {
    /// To be pushed one by one, in any order. Ranges with so few bytes between them are better read as one.
    Needs {
        ranges: Vec<Range<u64>>,
        gap: u64,
    },
    Batch(RecordBatch),
    Done,
}

/// What the decoder takes for a range of rows: one to pass over, one to read, twice while they are made.
const DECODER_RANGE_BYTES: u64 = 64;

pub struct Group {
    plan: Arc<Plan>,
    index: usize,
    selection: Selection,
    /// Rows before it were given or passed over.
    row: u64,
    /// Selected rows that were not given.
    left: u64,
    leaves: Vec<SharedLeaf>,
    maps: Vec<MapEntries>,
    /// All of it is fetched at once.
    whole: bool,
    /// Pages are left out between those that are read.
    has_gaps: bool,
    asked: Vec<(usize, Range<u64>)>,
    batch_bytes: u64,
    batch_rows: usize,
    /// By field; None: the decoder reads it.
    columns: Vec<Option<Column>>,
    /// With the rows of its batches.
    decoder: Option<(ParquetRecordBatchReader, usize)>,
    /// Of batches, once one was made.
    schema: Option<SchemaRef>,
}

impl Group {
    /// Of the selected rows; of the chunks not much more is fetched than they need. `locations`: the offset index, by leaf
    /// that is read, where it is known.
    pub fn new(
        plan: &Arc<Plan>,
        index: usize,
        selection: Selection,
        locations: &[Option<Vec<PageLocation>>],
    ) -> Result<Self> {
        let group = plan.metadata.row_group(index);
        let (rows, end) = (group.num_rows() as u64, selection.end());
        let mut leaves = Vec::new();
        for (at, leaf) in plan.leaves.iter().enumerate() {
            let locations = locations.get(at).and_then(Option::as_deref);
            leaves.push(
                Leaf::new(*leaf, group.column(*leaf), rows, &selection, locations).map_err(|e| in_group(index, e))?,
            );
        }
        let chunks: Vec<u64> = leaves.iter().map(Leaf::chunk_bytes).collect();
        let first_rows = |leaf: &Leaf| share_of_rows(leaf.chunk_bytes(), end, rows);
        let is_all = |leaf: &Leaf| leaf.has_offset_index() || first_rows(leaf) >= leaf.chunk_bytes();
        let whole = leaves.iter().all(is_all) && chunks.iter().sum::<u64>() <= plan.limit / 2;
        for (leaf, window) in leaves.iter_mut().zip(windows(&chunks, plan.limit / 2)) {
            leaf.window = if is_all(leaf) { window } else { window.min(first_rows(leaf)) };
        }
        let has_gaps = leaves.iter().any(Leaf::has_offset_index);
        let leaves: Vec<SharedLeaf> = leaves.into_iter().map(SharedLeaf::new).collect();
        let mut open = Self {
            plan: plan.clone(),
            index,
            row: 0,
            left: selection.count(),
            selection,
            columns: columns_of(plan, &leaves),
            leaves,
            maps: plan.maps.iter().map(|map| MapEntries::new(map.clone(), &plan.leaves)).collect(),
            whole,
            has_gaps,
            asked: Vec::new(),
            batch_bytes: BATCH_BYTES.min(plan.limit / 4),
            batch_rows: 0,
            decoder: None,
            schema: None,
        };
        open.batch_rows = open.rows_by_footer();
        Ok(open)
    }

    /// One of the ranges asked for; others are refused.
    pub fn push(&mut self, range: &Range<u64>, bytes: Bytes) -> Result<()> {
        let Some(at) = self.asked.iter().position(|(_, asked)| asked == range) else {
            return Err(EngineError::invalid_argument(format!("bytes {range:?} were not asked for")));
        };
        let (leaf, _) = self.asked.swap_remove(at);
        self.leaves[leaf].lock().push(range.start, bytes);
        Ok(())
    }

    pub fn step(&mut self) -> Result<Step> {
        let index = self.index;
        self.next().map_err(|e| in_group(index, e))
    }

    fn next(&mut self) -> Result<Step> {
        loop {
            if !self.asked.is_empty() {
                return Ok(self.needs());
            }
            if self.left == 0 {
                return self.end();
            }
            let rows = self.left.min(self.batch_rows as u64);
            let end = self.selection.steps_end(self.row, rows);
            let mut short = false;
            for leaf in &self.leaves {
                let mut leaf = leaf.lock();
                leaf.find_to(end, &mut self.maps)?;
                short |= leaf.rows_known() < end;
            }
            if short {
                self.ask(end)?;
                continue;
            }
            let bridged = self.selection.bridged(self.row, rows);
            // Rows that are read, and then those of them that are selected.
            let factor = bridged.as_ref().map_or(1, |bridged| 1 + (bridged.rows as u64).div_ceil(rows));
            let bytes = self.array_bytes(&(self.row..end)).saturating_mul(factor);
            if bytes > self.batch_bytes && rows > 1 {
                let fitting = u128::from(self.batch_bytes) * u128::from(rows) / u128::from(bytes);
                self.set_batch_rows(fitting as usize);
                continue;
            }
            let held = self.held();
            if bytes > self.batch_bytes && held + bytes > self.plan.limit {
                return Err(self.too_small(held + bytes));
            }
            let given = self.selection.count() - self.left;
            if !self.maps.iter().all(|map| map.end_together(given + rows)) {
                return Err(other_entries());
            }
            let batch = self.decode(bridged.as_ref())?;
            // Rows became narrower: back to larger batches, though a new decoder costs something.
            if bytes.saturating_mul(8) < self.batch_bytes && self.batch_rows < self.plan.batch_rows {
                self.set_batch_rows(self.batch_rows.saturating_mul(4).min(self.plan.batch_rows));
            }
            return Ok(Step::Batch(batch));
        }
    }

    fn end(&mut self) -> Result<Step> {
        self.decoder = None;
        if self.maps.iter().any(|map| map.held() > 0) {
            return Err(other_entries());
        }
        Ok(Step::Done)
    }

    fn held(&self) -> u64 {
        let maps: usize = self.maps.iter().map(MapEntries::held).sum();
        let selection = self.plan.selection_bytes + DECODER_RANGE_BYTES * self.selection.ranges() as u64;
        self.leaves.iter().map(|leaf| leaf.lock().held()).sum::<u64>() + maps as u64 + selection
    }

    fn array_bytes(&self, rows: &Range<u64>) -> u64 {
        self.leaves.iter().map(|leaf| leaf.lock().array_bytes_of(rows)).sum()
    }

    fn too_small(&self, needed: u64) -> EngineError {
        let needed = needed.div_ceil(1 << 20) << 20;
        let limit = self.plan.limit;
        EngineError::too_small(
            needed,
            format!("its pages do not fit into the {limit} bytes that reading it may take; {needed} would do so far"),
        )
    }

    /// As many rows as fit by the footer's sizes.
    fn rows_by_footer(&self) -> usize {
        let group = self.plan.metadata.row_group(self.index);
        let bytes: u64 = self
            .plan
            .leaves
            .iter()
            .map(|leaf| {
                let chunk = group.column(*leaf);
                chunk.uncompressed_size().max(chunk.unencoded_byte_array_data_bytes().unwrap_or(0)).max(0) as u64
            })
            .sum();
        let fitting = self.batch_bytes.saturating_mul((group.num_rows() as u64).max(1)) / bytes.max(1);
        self.plan.batch_rows.min(usize::try_from(fitting).unwrap_or(usize::MAX)).max(1)
    }

    /// Batches of another size take a new decoder.
    fn set_batch_rows(&mut self, most: usize) {
        let mut rows = self.plan.batch_rows;
        while rows > most.max(1) {
            rows /= 2;
        }
        self.batch_rows = rows.max(1);
    }
}

fn other_entries() -> EngineError {
    EngineError::corrupt("the columns of a map do not have the same entries")
}

/// An error in this row group, as one of the file.
pub(super) fn in_group(index: usize, e: EngineError) -> EngineError {
    EngineError { message: format!("row group {index}, {}", e.message), ..e }
}

fn columns_of(plan: &Plan, leaves: &[SharedLeaf]) -> Vec<Option<Column>> {
    let roomy = leaves.len() as u64 * ROOM_BYTES <= plan.limit / 8;
    let column = |root: &Root| {
        let simple = root.simple.as_ref()?;
        let leaf = &leaves[plan.leaves.binary_search(&root.leaves.start).ok()?];
        Some(Column::new(root.field.clone(), simple, leaf.clone(), roomy))
    };
    plan.roots.iter().map(column).collect()
}
