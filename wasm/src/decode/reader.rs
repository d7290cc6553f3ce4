//! Row groups as batches. The caller fetches the ranges that are asked for, a bounded part of a row group at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow_buffer::ScalarBuffer;
use arrow_schema::{Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::columns::roots_of;
use super::group::{Group, Plan};
use super::maps::maps_of;
use super::offset_index::OffsetIndexes;
use super::page_index::PageIndexReader;
use super::projection::leaves_of;
use super::schema::arrow_metadata;
use super::selection::Selection;
use super::windows::TAIL_BYTES;

pub use super::group::Step;
pub use super::projection::ColumnPath;
use crate::error::{EngineError, Result};
use crate::footer::{FooterFacts, footer_facts};

/// Rows of a batch when the caller does not say.
pub const DEFAULT_BATCH_ROWS: usize = 8192;
/// Bytes that reading may hold when the caller does not say.
pub const DEFAULT_MEMORY_LIMIT: u64 = 64 << 20;

/// A file whose footer was read.
pub struct ParquetFile {
    metadata: Arc<ParquetMetaData>,
    arrow: ArrowReaderMetadata,
    schema: SchemaRef,
    file_bytes: u64,
}

#[derive(Debug)]
pub struct RowGroupRequest {
    pub index: usize,
    /// Start and end of each range of its rows, ascending; None: all rows.
    pub rows: Option<ScalarBuffer<u32>>,
}

#[derive(Debug, Default)]
pub struct ReadRequest {
    /// In this order; None: all.
    pub row_groups: Option<Vec<RowGroupRequest>>,
    /// None: all.
    pub columns: Option<Vec<ColumnPath>>,
    pub batch_rows: Option<usize>,
    /// The first so many rows; None: all.
    pub rows: Option<u64>,
    /// Bytes that reading may hold.
    pub memory_limit: Option<u64>,
    /// An offset index is asked for when it probably saves reading more bytes than these; 0: when it saves any.
    pub offset_index_cost: Option<u64>,
}

impl ParquetFile {
    /// Of a file with so many bytes.
    pub fn new(metadata: Arc<ParquetMetaData>, file_bytes: u64) -> Result<Self> {
        let arrow = arrow_metadata(&metadata)?;
        let schema = Arc::new(Schema::new(arrow.schema().fields().clone()));
        Ok(Self { metadata, arrow, schema, file_bytes })
    }

    /// Without the file's key-value metadata.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub fn facts(&self) -> FooterFacts {
        footer_facts(&self.metadata)
    }

    /// The rows of a request, which it gives away.
    pub fn read(&self, request: ReadRequest) -> Result<RowGroups> {
        let groups = self.selections(request.row_groups)?;
        let descriptor = self.metadata.file_metadata().schema_descr();
        let leaves = match &request.columns {
            None => (0..descriptor.num_columns()).collect(),
            Some(paths) => leaves_of(self.schema.fields(), paths)?,
        };
        for (group, _) in &groups {
            for leaf in &leaves {
                check_codec(self.metadata.row_group(*group).column(*leaf))?;
            }
        }
        if request.batch_rows == Some(0) {
            return Err(EngineError::invalid_argument("batchRows is 0"));
        }
        let mut roots = roots_of(descriptor, self.arrow.schema().fields());
        roots.retain(|root| root.leaves.clone().any(|leaf| leaves.binary_search(&leaf).is_ok()));
        let ranges: usize = groups.iter().map(|(_, selection)| selection.ranges()).sum();
        let plan = Plan {
            metadata: self.metadata.clone(),
            schema: self.arrow.schema().clone(),
            roots,
            leaves,
            maps: maps_of(descriptor.root_schema()),
            batch_rows: request.batch_rows.unwrap_or(DEFAULT_BATCH_ROWS),
            limit: request.memory_limit.unwrap_or(DEFAULT_MEMORY_LIMIT),
            file_bytes: self.file_bytes,
            selection_bytes: 8 * ranges as u64,
            offset_index_cost: request.offset_index_cost.unwrap_or(TAIL_BYTES),
        };
        let rows_left = request.rows.unwrap_or(u64::MAX);
        Ok(RowGroups { plan: Arc::new(plan), left: groups.into(), rows_left, open: None })
    }

    /// What the page index says of these leaves, by their number in the file.
    pub fn page_index(&self, group: usize, leaves: Vec<usize>, memory_limit: Option<u64>) -> Result<PageIndexReader> {
        let limit = memory_limit.unwrap_or(DEFAULT_MEMORY_LIMIT);
        PageIndexReader::new(&self.metadata, group, leaves, self.file_bytes, limit)
    }

    fn selections(&self, wanted: Option<Vec<RowGroupRequest>>) -> Result<Vec<(usize, Selection)>> {
        let count = self.metadata.num_row_groups();
        let all = || (0..count).map(|index| RowGroupRequest { index, rows: None }).collect();
        let select = |RowGroupRequest { index, rows }| {
            if index >= count {
                return Err(EngineError::invalid_argument(format!("row group {index} of a file that has {count}")));
            }
            let held = self.metadata.row_group(index).num_rows() as u64;
            let selection = match rows {
                None => Ok(Selection::all(held)),
                Some(ranges) => Selection::new(ranges, held),
            };
            let selection =
                selection.map_err(|e| EngineError { message: format!("row group {index}: {}", e.message), ..e });
            Ok((index, selection?))
        };
        wanted.unwrap_or_else(all).into_iter().map(select).collect()
    }
}

fn check_codec(chunk: &ColumnChunkMetaData) -> Result<()> {
    match chunk.compression() {
        Compression::LZO | Compression::BROTLI(_) => {
            let name = chunk.column_path().string();
            let codec = if chunk.compression() == Compression::LZO { "lzo" } else { "brotli" };
            Err(EngineError::unsupported(format!(
                "column {name}: the codec {codec} is not built in; snappy, gzip, zstd, lz4 and uncompressed are"
            ))
            .at_column(name))
        }
        _ => Ok(()),
    }
}

enum Open {
    /// Its offset indexes are fetched first.
    Indexes(OffsetIndexes, Selection),
    Rows(Group),
}

pub struct RowGroups {
    plan: Arc<Plan>,
    left: VecDeque<(usize, Selection)>,
    rows_left: u64,
    open: Option<(usize, Open)>,
}

impl RowGroups {
    /// One of the ranges asked for; others are refused.
    pub fn push(&mut self, start: u64, bytes: Bytes) -> Result<()> {
        let range = start..start + bytes.len() as u64;
        match &mut self.open {
            Some((_, Open::Indexes(indexes, _))) => indexes.push(&range, bytes),
            Some((_, Open::Rows(open))) => open.push(&range, bytes),
            None => Err(EngineError::invalid_argument(format!("bytes {range:?} were not asked for"))),
        }
    }

    pub fn step(&mut self) -> Result<Step> {
        loop {
            match &mut self.open {
                Some((_, Open::Rows(open))) => match open.step()? {
                    Step::Done => self.open = None,
                    step => return Ok(step),
                },
                Some((index, Open::Indexes(indexes, selection))) => {
                    if let Some(needs) = indexes.needs()? {
                        return Ok(needs);
                    }
                    let rows = Group::new(&self.plan, *index, selection.clone(), &indexes.locations()?)?;
                    self.open = Some((*index, Open::Rows(rows)));
                }
                None => {
                    let Some((index, selection)) = self.left.pop_front() else { return Ok(Step::Done) };
                    self.open = self.open_group(index, selection)?.map(|open| (index, open));
                }
            }
        }
    }

    fn open_group(&mut self, index: usize, selection: Selection) -> Result<Option<Open>> {
        let first = selection.clone().first(self.rows_left);
        self.rows_left -= first.count();
        if first.count() == 0 {
            return Ok(None);
        }
        // The first rows of all are where they are expected: no index is asked for what is behind them.
        Ok(Some(match OffsetIndexes::new(&self.plan, index, &selection) {
            Some(indexes) => Open::Indexes(indexes, first),
            None => Open::Rows(Group::new(&self.plan, index, first, &[])?),
        }))
    }
}
