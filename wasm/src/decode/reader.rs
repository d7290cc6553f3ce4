//! Row groups as batches. The caller fetches the ranges that are asked for; one row group is held at a time.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};

use super::facts::footer_facts;
use super::chunks::GroupChunks;
use super::maps::{MapLeaves, maps_of};
use super::metadata::{arrow_corrupt, corrupt};
use super::pages::check_pages;
use super::schema::arrow_metadata;
use crate::error::{EngineError, Result};
use crate::footer::FooterFacts;

/// Rows of a batch when the caller does not say.
pub const DEFAULT_BATCH_ROWS: usize = 8192;
/// A batch of wide rows has fewer: about this many bytes by the footer's sizes.
const BATCH_BYTES: u64 = 8 << 20;

/// A file whose footer was read.
pub struct ParquetFile {
    metadata: Arc<ParquetMetaData>,
    arrow: ArrowReaderMetadata,
    schema: SchemaRef,
}

#[derive(Debug, Default)]
pub struct ReadRequest {
    /// In this order; None: all.
    pub row_groups: Option<Vec<usize>>,
    /// Top-level names; None: all.
    pub columns: Option<Vec<String>>,
    pub batch_rows: Option<usize>,
}

impl ParquetFile {
    pub fn new(metadata: Arc<ParquetMetaData>) -> Result<Self> {
        let arrow = arrow_metadata(&metadata)?;
        let schema = Arc::new(Schema::new(arrow.schema().fields().clone()));
        Ok(Self { metadata, arrow, schema })
    }

    /// Without the file's key-value metadata.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub fn facts(&self) -> FooterFacts {
        footer_facts(&self.metadata)
    }

    pub fn read(&self, request: &ReadRequest) -> Result<RowGroups> {
        let count = self.metadata.num_row_groups();
        let groups: Vec<usize> = request.row_groups.clone().unwrap_or_else(|| (0..count).collect());
        if let Some(group) = groups.iter().find(|group| **group >= count) {
            return Err(EngineError::invalid_argument(format!("row group {group} of a file that has {count}")));
        }
        let descriptor = self.metadata.file_metadata().schema_descr();
        let mask = match &request.columns {
            None => ProjectionMask::all(),
            Some(names) => {
                let mut roots = Vec::new();
                for name in names {
                    let before = roots.len();
                    roots.extend(
                        self.schema.fields().iter().enumerate().filter(|(_, f)| f.name() == name).map(|(at, _)| at),
                    );
                    if roots.len() == before {
                        return Err(EngineError::schema_mismatch(format!("the Parquet file has no column {name}"))
                            .at_column(name.clone()));
                    }
                }
                ProjectionMask::roots(descriptor, roots)
            }
        };
        let leaves: Vec<usize> =
            (0..descriptor.num_columns()).filter(|leaf| mask.leaf_included(*leaf)).collect();
        for group in &groups {
            for leaf in &leaves {
                check_codec(self.metadata.row_group(*group).column(*leaf))?;
            }
        }
        if request.batch_rows == Some(0) {
            return Err(EngineError::invalid_argument("batchRows is 0"));
        }
        Ok(RowGroups {
            metadata: self.metadata.clone(),
            arrow: self.arrow.clone(),
            mask,
            leaves,
            maps: maps_of(descriptor.root_schema()),
            batch_rows: request.batch_rows.unwrap_or(DEFAULT_BATCH_ROWS),
            left: groups.into(),
            pushed: Vec::new(),
            open: None,
        })
    }
}

fn check_codec(chunk: &ColumnChunkMetaData) -> Result<()> {
    match chunk.compression() {
        Compression::LZO | Compression::BROTLI(_) => {
            let name = chunk.column_path().string();
            Err(EngineError::unsupported(format!(
                "column {name}: the codec {} is not built in; snappy, gzip, zstd, lz4 and uncompressed are",
                chunk.compression()
            ))
            .at_column(name))
        }
        _ => Ok(()),
    }
}

struct OpenGroup {
    index: usize,
    rows_left: usize,
    decoder: ParquetRecordBatchReader,
}

pub enum Step {
    /// Column chunks of the next row group, to be pushed one by one.
    Needs(Vec<Range<u64>>),
    Batch(RecordBatch),
    Done,
}

pub struct RowGroups {
    metadata: Arc<ParquetMetaData>,
    arrow: ArrowReaderMetadata,
    mask: ProjectionMask,
    leaves: Vec<usize>,
    maps: Vec<MapLeaves>,
    batch_rows: usize,
    left: VecDeque<usize>,
    pushed: Vec<(Range<u64>, Bytes)>,
    open: Option<OpenGroup>,
}

impl RowGroups {
    /// One of the ranges asked for; others are refused.
    pub fn push(&mut self, start: u64, bytes: Bytes) -> Result<()> {
        let range = start..start + bytes.len() as u64;
        let group = self.left.front().map(|group| self.metadata.row_group(*group));
        let wanted = group.is_some_and(|group| self.leaves.iter().any(|leaf| chunk_range(group.column(*leaf)) == range));
        if !wanted {
            return Err(EngineError::invalid_argument(format!("bytes {range:?} were not asked for")));
        }
        self.pushed.push((range, bytes));
        Ok(())
    }

    pub fn step(&mut self) -> Result<Step> {
        loop {
            if let Some(open) = &mut self.open {
                if let Some(batch) = next_batch(open)? {
                    return Ok(Step::Batch(batch));
                }
                self.open = None;
                continue;
            }
            let Some(index) = self.left.front().copied() else { return Ok(Step::Done) };
            let group = self.metadata.row_group(index);
            if group.num_rows() == 0 {
                self.left.pop_front();
                continue;
            }
            let needs = self.missing(group);
            if !needs.is_empty() {
                return Ok(Step::Needs(needs));
            }
            let open = self.open_group(index);
            self.left.pop_front();
            self.pushed.clear();
            self.open = Some(open?);
        }
    }

    fn missing(&self, group: &RowGroupMetaData) -> Vec<Range<u64>> {
        let mut needs: Vec<Range<u64>> = self
            .leaves
            .iter()
            .map(|leaf| chunk_range(group.column(*leaf)))
            .filter(|range| !self.pushed.iter().any(|(held, _)| held == range))
            .collect();
        needs.sort_by_key(|range| range.start);
        needs.dedup();
        needs
    }

    fn open_group(&mut self, index: usize) -> Result<OpenGroup> {
        let group = self.metadata.row_group(index);
        let at_group = |e: EngineError| EngineError { message: format!("row group {index}, {}", e.message), ..e };
        let mut chunks = vec![None; group.num_columns()];
        for leaf in &self.leaves {
            let chunk = group.column(*leaf);
            let range = chunk_range(chunk);
            let bytes = self.pushed.iter().find(|(held, _)| *held == range).map(|(_, bytes)| bytes);
            let bytes = bytes.ok_or_else(|| EngineError::failed("a column chunk is missing"))?;
            check_pages(chunk, bytes).map_err(at_group)?;
            chunks[*leaf] = Some(bytes.clone());
        }
        let levels = parquet_to_arrow_field_levels(
            self.metadata.file_metadata().schema_descr(),
            self.mask.clone(),
            Some(self.arrow.schema().fields()),
        );
        let rows = self.rows_of_batch(group);
        let held = GroupChunks { metadata: self.metadata.clone(), index, chunks };
        held.check_maps(&self.maps).map_err(corrupt).map_err(at_group)?;
        let decoder = ParquetRecordBatchReader::try_new_with_row_groups(&levels.map_err(corrupt)?, &held, rows, None)
            .map_err(corrupt)?;
        Ok(OpenGroup { index, rows_left: group.num_rows() as usize, decoder })
    }

    fn rows_of_batch(&self, group: &RowGroupMetaData) -> usize {
        let bytes: u64 = self
            .leaves
            .iter()
            .map(|leaf| {
                let chunk = group.column(*leaf);
                chunk.uncompressed_size().max(chunk.unencoded_byte_array_data_bytes().unwrap_or(0)).max(0) as u64
            })
            .sum();
        let rows = group.num_rows().max(1) as u64;
        let fitting = BATCH_BYTES.saturating_mul(rows) / bytes.max(1);
        self.batch_rows.min(usize::try_from(fitting).unwrap_or(usize::MAX)).max(1)
    }
}

fn chunk_range(chunk: &ColumnChunkMetaData) -> Range<u64> {
    let (start, length) = chunk.byte_range();
    start..start + length
}

fn next_batch(open: &mut OpenGroup) -> Result<Option<RecordBatch>> {
    let index = open.index;
    let at_group = |e: EngineError| EngineError { message: format!("row group {index}: {}", e.message), ..e };
    match open.decoder.next() {
        Some(Ok(batch)) => {
            open.rows_left = open.rows_left.checked_sub(batch.num_rows()).ok_or_else(|| {
                EngineError::corrupt(format!("row group {index} holds more rows than the footer says"))
            })?;
            // The file's key-value metadata is no part of a batch.
            let schema = Arc::new(Schema::new(batch.schema().fields().clone()));
            batch.with_schema(schema).map(Some).map_err(|e| EngineError::failed(e.to_string()))
        }
        Some(Err(e)) => Err(at_group(arrow_corrupt(&e))),
        None if open.rows_left == 0 => Ok(None),
        None => Err(EngineError::corrupt(format!(
            "row group {index} ends {} rows before the footer says",
            open.rows_left
        ))),
    }
}
