//! Columns of a row group that another encoder made, as a file of their own, so that this one's file can have them.
//!
//! Their bytes go into the file as they are and are not needed here; the part's tail, all that follows its column chunks
//! (bloom filters, page indexes, footer), says what the footer of the file has to say of them.

use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use parquet::DecodeResult;
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataPushDecoder};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;
use parquet::schema::types::{ColumnDescriptor, SchemaDescPtr};

use super::MAGIC_BYTES;
use crate::error::{EngineError, Result};

/// What an encoder of `of_part` gave.
pub struct PartBytes {
    /// How many top-level columns.
    pub columns: usize,
    /// Size of the column chunks.
    pub data_bytes: u64,
    pub tail: Bytes,
}

pub struct Part {
    metadata: ParquetMetaData,
    tail: Bytes,
    /// Where the tail starts in the part's own file.
    tail_start: u64,
}

pub fn not_a_part(e: impl std::fmt::Display) -> EngineError {
    EngineError::invalid_argument(format!("not the parts of a row group: {e}"))
}

impl Part {
    /// `schema`: of the part's file.
    pub fn parse(PartBytes { data_bytes, tail, .. }: PartBytes, schema: SchemaDescPtr) -> Result<Self> {
        let tail_start = MAGIC_BYTES + data_bytes;
        let file_bytes = tail_start + tail.len() as u64;
        // Everything must come back as it was written.
        let options = ParquetMetaDataOptions::new().with_schema(schema).with_encoding_stats_as_mask(false);
        let mut decoder = ParquetMetaDataPushDecoder::try_new(file_bytes)
            .map_err(not_a_part)?
            .with_page_index_policy(PageIndexPolicy::Optional)
            .with_metadata_options(Some(Arc::new(options)));
        decoder.push_range(tail_start..file_bytes, tail.clone()).map_err(not_a_part)?;
        let DecodeResult::Data(metadata) = decoder.try_decode().map_err(not_a_part)? else {
            return Err(not_a_part("it is cut off"));
        };
        if metadata.num_row_groups() != 1 {
            return Err(not_a_part(format!("it has {} row groups", metadata.num_row_groups())));
        }
        if metadata.row_group(0).compressed_size() as u64 != data_bytes {
            return Err(not_a_part("it is of column chunks of another size"));
        }
        Ok(Self { metadata, tail, tail_start })
    }

    /// What the column writers would have said.
    pub fn columns(&self) -> Result<Vec<ColumnCloseResult>> {
        let group = self.metadata.row_group(0);
        let index = self.metadata.page_index();
        let columns = group.columns().iter().enumerate().map(|(i, chunk)| {
            let mut metadata = chunk.clone().into_builder();
            if let Some(statistics) = chunk.statistics() {
                metadata = metadata.set_statistics(as_written(statistics.clone(), chunk.column_descr()));
            }
            Ok(ColumnCloseResult {
                bytes_written: chunk.compressed_size() as u64,
                rows_written: group.num_rows() as u64,
                bloom_filter: self.bloom_filter(chunk.bloom_filter_offset(), chunk.bloom_filter_length())?,
                metadata: metadata.build()?,
                column_index: index.and_then(|p| p.column_index(0, i)).cloned(),
                offset_index: index.and_then(|p| p.offset_index(0, i)).cloned(),
            })
        });
        columns.collect()
    }

    fn bloom_filter(&self, offset: Option<i64>, length: Option<i32>) -> Result<Option<Sbbf>> {
        let (Some(offset), Some(length)) = (offset, length) else { return Ok(None) };
        let start =
            (offset as u64).checked_sub(self.tail_start).ok_or_else(|| not_a_part("a bloom filter before it"))?;
        let bytes = self.tail.get(start as usize..start as usize + length as usize);
        let bytes = bytes.ok_or_else(|| not_a_part("a bloom filter after it"))?;
        Sbbf::from_bytes(bytes).map(Some).map_err(not_a_part)
    }
}

/// Statistics that were read, as the column's writer had them: bounds in a signed order stand twice in the footer, for
/// readers of the older fields too, and come back once.
fn as_written(statistics: Statistics, column: &ColumnDescriptor) -> Statistics {
    let twice = column.sort_order().is_signed();
    macro_rules! each {
        ($($kind:ident),*) => {
            match statistics {
                $(Statistics::$kind(s) => Statistics::$kind(s.with_backwards_compatible_min_max(twice)),)*
            }
        };
    }
    each!(Boolean, Int32, Int64, Int96, Float, Double, ByteArray, FixedLenByteArray)
}

/// Stands for the bytes of column chunks: as many as are asked for, to be left out of the output.
pub struct Elsewhere;

impl Length for Elsewhere {
    fn len(&self) -> u64 {
        u64::MAX
    }
}

impl ChunkReader for Elsewhere {
    type T = Zeros;

    fn get_read(&self, _: u64) -> std::result::Result<Zeros, ParquetError> {
        Ok(Zeros)
    }

    fn get_bytes(&self, _: u64, length: usize) -> std::result::Result<Bytes, ParquetError> {
        Ok(vec![0; length].into())
    }
}

pub struct Zeros;

impl Read for Zeros {
    /// What is in the buffer is never looked at.
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        Ok(buffer.len())
    }
}
