//! Row groups as batches. The caller fetches the ranges that are asked for, a bounded part of a row group at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::ProjectionMask;
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::columns::roots_of;
use super::group::{Group, Plan};
use super::maps::maps_of;
use super::schema::arrow_metadata;

pub use super::group::Step;
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
}

#[derive(Debug, Default)]
pub struct ReadRequest {
    /// In this order; None: all.
    pub row_groups: Option<Vec<usize>>,
    /// Top-level names; None: all.
    pub columns: Option<Vec<String>>,
    pub batch_rows: Option<usize>,
    /// The first so many rows; None: all.
    pub rows: Option<u64>,
    /// Bytes that reading may hold.
    pub memory_limit: Option<u64>,
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
        let mut roots = roots_of(descriptor, self.arrow.schema().fields());
        roots.retain(|root| root.leaves.clone().any(|leaf| mask.leaf_included(leaf)));
        let plan = Plan {
            metadata: self.metadata.clone(),
            schema: self.arrow.schema().clone(),
            roots,
            leaves,
            maps: maps_of(descriptor.root_schema()),
            batch_rows: request.batch_rows.unwrap_or(DEFAULT_BATCH_ROWS),
            limit: request.memory_limit.unwrap_or(DEFAULT_MEMORY_LIMIT),
        };
        let rows_left = request.rows.unwrap_or(u64::MAX);
        Ok(RowGroups { plan: Arc::new(plan), left: groups.into(), rows_left, open: None })
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

pub struct RowGroups {
    plan: Arc<Plan>,
    left: VecDeque<usize>,
    rows_left: u64,
    open: Option<Group>,
}

impl RowGroups {
    /// One of the ranges asked for; others are refused.
    pub fn push(&mut self, start: u64, bytes: Bytes) -> Result<()> {
        let range = start..start + bytes.len() as u64;
        match &mut self.open {
            Some(open) => open.push(&range, bytes),
            None => Err(EngineError::invalid_argument(format!("bytes {range:?} were not asked for"))),
        }
    }

    pub fn step(&mut self) -> Result<Step> {
        loop {
            if self.rows_left == 0 {
                self.open = None;
                return Ok(Step::Done);
            }
            if let Some(open) = &mut self.open {
                match open.step()? {
                    Step::Done => self.open = None,
                    Step::Batch(batch) => {
                        let rows = self.rows_left.min(batch.num_rows() as u64);
                        self.rows_left -= rows;
                        return Ok(Step::Batch(batch.slice(0, rows as usize)));
                    }
                    needs => return Ok(needs),
                }
            }
            let Some(index) = self.left.pop_front() else { return Ok(Step::Done) };
            if self.plan.metadata.row_group(index).num_rows() > 0 {
                self.open = Some(Group::new(&self.plan, index, self.rows_left)?);
            }
        }
    }
}
