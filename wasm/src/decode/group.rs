//! One row group as batches, a bounded part of it held at a time.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowSelection, RowSelector};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::file::metadata::ParquetMetaData;

use super::columns::{Column, Root};
use super::leaf::Leaf;
use super::leaf_pages::{GroupPages, SharedLeaf};
use super::maps::{MapEntries, MapLeaves};
use super::metadata::{arrow_corrupt, corrupt};
use super::offset_index::PageLocation;
use super::selection::Selection;
use super::windows::{TAIL_BYTES, windows};
use crate::error::{EngineError, Result};

/// A batch of wide rows has fewer: about this many bytes.
const BATCH_BYTES: u64 = 8 << 20;
const LEAST_BATCH_BYTES: u64 = 256 << 10;
const MOST_PIECE_BYTES: u64 = 8 << 20;
const LEAST_PIECE_BYTES: u64 = 64 << 10;

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

/// Bytes of a chunk that probably hold its first rows.
fn share_of_rows(chunk: u64, first: u64, rows: u64) -> u64 {
    let share = u128::from(chunk) * u128::from(first) / u128::from(rows.max(1));
    (share as u64).saturating_mul(2).max(TAIL_BYTES)
}

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
            leaves.push(Leaf::new(*leaf, group.column(*leaf), rows, &selection, locations).map_err(|e| in_group(index, e))?);
        }
        let chunks: Vec<u64> = leaves.iter().map(Leaf::chunk_bytes).collect();
        let is_all = |leaf: &Leaf| end >= rows || leaf.has_offset_index();
        let whole = leaves.iter().all(is_all) && chunks.iter().sum::<u64>() <= plan.limit / 2;
        for ((leaf, window), chunk) in leaves.iter_mut().zip(windows(&chunks, plan.limit / 2)).zip(&chunks) {
            leaf.window = if is_all(leaf) { window } else { window.min(share_of_rows(*chunk, end, rows)) };
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
                leaf.parse()?;
                leaf.count_to(end, &mut self.maps)?;
                short |= leaf.rows_known() < end;
            }
            if short {
                self.ask(end)?;
                continue;
            }
            let bytes = self.array_bytes(&(self.row..end));
            if bytes > self.batch_bytes && rows > 1 {
                let fitting = u128::from(self.batch_bytes) * u128::from(rows) / u128::from(bytes);
                self.set_batch_rows(fitting as usize);
                continue;
            }
            let held = self.held();
            if bytes > self.batch_bytes && held + bytes > self.plan.limit {
                return Err(self.too_small(held + bytes));
            }
            let batch = self.decode()?;
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
            return Err(EngineError::corrupt("the columns of a map do not have the same entries"));
        }
        Ok(Step::Done)
    }

    fn needs(&self) -> Step {
        let mut ranges: Vec<Range<u64>> = self.asked.iter().map(|(_, range)| range.clone()).collect();
        ranges.sort_by_key(|range| range.start);
        // What lies between parts of chunks may be asked for later; what lies between pages mostly is not.
        Step::Needs { ranges, gap: if self.whole || self.has_gaps { TAIL_BYTES } else { 0 } }
    }

    fn held(&self) -> u64 {
        let maps: usize = self.maps.iter().map(MapEntries::held).sum();
        let selection = self.plan.selection_bytes + DECODER_RANGE_BYTES * self.selection.ranges() as u64;
        self.leaves.iter().map(|leaf| leaf.lock().held()).sum::<u64>() + maps as u64 + selection
    }

    fn array_bytes(&self, rows: &Range<u64>) -> u64 {
        self.leaves.iter().map(|leaf| leaf.lock().array_bytes_of(rows)).sum()
    }

    /// Decides what to fetch next, or to make smaller batches of what is there: some leaf knows fewer rows than `row`.
    fn ask(&mut self, row: u64) -> Result<()> {
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

    fn decode(&mut self) -> Result<RecordBatch> {
        self.leave_foreign_pages()?;
        let wanted = self.left.min(self.batch_rows as u64) as usize;
        let decoded = if self.columns.iter().any(Option::is_none) { Some(self.decode_others(wanted)?) } else { None };
        let mut others = decoded.iter().flat_map(|batch| batch.schema_ref().fields().iter().zip(batch.columns()));
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (root, column) in self.plan.roots.iter().zip(&mut self.columns) {
            let (field, array) = match column {
                Some(column) => {
                    let steps = self.selection.steps(self.row, wanted as u64);
                    (root.field.clone(), column.read(wanted, steps)?)
                }
                None => others
                    .next()
                    .map(|(field, array)| (field.clone(), array.clone()))
                    .ok_or_else(|| EngineError::failed(format!("column {} was not decoded", root.field.name())))?,
            };
            fields.push(field);
            arrays.push(array);
        }
        drop(others);
        self.row = self.selection.steps_end(self.row, wanted as u64);
        self.left -= wanted as u64;
        for leaf in &self.leaves {
            leaf.lock().forget_before(self.row);
        }
        // The file's key-value metadata is no part of a batch.
        let schema = self.schema.get_or_insert_with(|| Arc::new(Schema::new(fields))).clone();
        let options = RecordBatchOptions::new().with_row_count(Some(wanted));
        RecordBatch::try_new_with_options(schema, arrays, &options).map_err(|e| arrow_corrupt(&e))
    }

    /// Columns with pages that they cannot read go to the decoder.
    fn leave_foreign_pages(&mut self) -> Result<()> {
        for column in &mut self.columns {
            if let Some(left) = column.as_ref()
                && left.leave_foreign_pages()?
            {
                (*column, self.decoder, self.schema) = (None, None, None);
            }
        }
        Ok(())
    }

    /// The fields that are not columns.
    fn decode_others(&mut self, wanted: usize) -> Result<RecordBatch> {
        if self.decoder.as_ref().is_none_or(|(_, rows)| *rows != self.batch_rows && *rows != wanted) {
            self.decoder = None;
            self.decoder = Some((self.new_decoder()?, self.batch_rows));
        }
        let next = self.decoder.as_mut().and_then(|(decoder, _)| decoder.next());
        let batch = next.transpose().map_err(|e| arrow_corrupt(&e))?;
        let batch = batch.filter(|batch| batch.num_rows() == wanted);
        let short = || EngineError::corrupt(format!("it ends {} rows before the footer says", self.left));
        batch.ok_or_else(short)
    }

    /// Of all rows of the row group, for a decoder that begins with the first.
    fn decoder_selection(&self) -> RowSelection {
        let mut before = self.row as usize;
        let steps = self.selection.steps(self.row, self.left).flat_map(|step| {
            let skip = step.skip + std::mem::take(&mut before);
            [RowSelector::skip(skip), RowSelector::select(step.take)]
        });
        // Of many short ranges the decoder would read everything between, also pages that are not there; how many are
        // many depends on all rows, and rows to skip at the end cost nothing.
        steps.chain([RowSelector::skip(usize::MAX / 4)]).collect()
    }

    fn new_decoder(&mut self) -> Result<ParquetRecordBatchReader> {
        let roots = self.plan.roots.iter().zip(&self.columns).filter(|(_, column)| column.is_none());
        let decoded = roots.flat_map(|(root, _)| root.leaves.clone());
        let decoded: Vec<usize> = decoded.filter(|leaf| self.plan.leaves.binary_search(leaf).is_ok()).collect();
        let rows = self.plan.metadata.row_group(self.index).num_rows() as u64;
        let selection = (self.row > 0 || !self.selection.is_whole(rows)).then(|| self.decoder_selection());
        if self.row > 0 {
            for leaf in &self.leaves {
                let mut leaf = leaf.lock();
                if decoded.binary_search(&leaf.index).is_ok() {
                    leaf.rewind()?;
                }
            }
        }
        let descriptor = self.plan.metadata.file_metadata().schema_descr();
        let mask = ProjectionMask::leaves(descriptor, decoded);
        let levels =
            parquet_to_arrow_field_levels(descriptor, mask, Some(self.plan.schema.fields())).map_err(corrupt)?;
        let pages = GroupPages { metadata: &self.plan.metadata, index: self.index, leaves: &self.leaves };
        ParquetRecordBatchReader::try_new_with_row_groups(&levels, &pages, self.batch_rows, selection).map_err(corrupt)
    }
}

fn in_group(index: usize, e: EngineError) -> EngineError {
    EngineError { message: format!("row group {index}, {}", e.message), ..e }
}

fn columns_of(plan: &Plan, leaves: &[SharedLeaf]) -> Vec<Option<Column>> {
    let column = |root: &Root| {
        let simple = root.simple.as_ref()?;
        let leaf = &leaves[plan.leaves.binary_search(&root.leaves.start).ok()?];
        leaf.lock().read_by_column(simple.kind.width());
        Some(Column::new(root.field.clone(), simple, leaf.clone()))
    };
    plan.roots.iter().map(column).collect()
}
