//! The footer: fetched by ranges, checked before anything relies on it.

use std::ops::Range;
use std::sync::Arc;

use arrow_schema::ArrowError;
use bytes::Bytes;
use parquet::DecodeResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataBuilder, ParquetMetaDataPushDecoder,
};

use super::footer_look::{ChunkPlace, look};
use crate::error::{EngineError, Result, arrow_text};

/// What a first request for the end of a file asks for: most footers fit.
pub const TAIL_BYTES: u64 = 64 << 10;
/// A footer is held several times while it is parsed.
pub const MAX_FOOTER_BYTES: u64 = 256 << 20;

/// Errors of the parquet crate about the bytes of a file.
pub fn corrupt(e: ParquetError) -> EngineError {
    let text = match e {
        ParquetError::General(text) | ParquetError::EOF(text) | ParquetError::ArrowError(text) => text,
        ParquetError::NYI(text) => return EngineError::unsupported(format!("Parquet: {text}")),
        other => other.to_string(),
    };
    EngineError::corrupt(format!("not a readable Parquet file: {text}"))
}

/// The same, as they come out of a batch reader.
pub fn arrow_corrupt(e: &ArrowError) -> EngineError {
    EngineError::corrupt(format!("not a readable Parquet file: {}", arrow_text(e)))
}

pub enum Step {
    Needs(Vec<Range<u64>>),
    Ready { metadata: Arc<ParquetMetaData>, file_bytes: u64 },
}

pub struct FooterReader {
    decoder: ParquetMetaDataPushDecoder,
    file_bytes: u64,
    asked_tail: bool,
    /// What came, and where it starts: the decoder does not give it back.
    pieces: Vec<(u64, Bytes)>,
}

impl FooterReader {
    pub fn new(file_bytes: u64) -> Result<Self> {
        if file_bytes < 12 {
            return Err(EngineError::corrupt(format!(
                "not a Parquet file: it has {file_bytes} bytes, a Parquet file has 12 or more"
            )));
        }
        let decoder = ParquetMetaDataPushDecoder::try_new(file_bytes)
            .map_err(corrupt)?
            .with_page_index_policy(PageIndexPolicy::Skip);
        Ok(Self { decoder, file_bytes, asked_tail: false, pieces: Vec::new() })
    }

    pub fn push(&mut self, start: u64, bytes: Bytes) -> Result<()> {
        let end = start + bytes.len() as u64;
        self.pieces.push((start, bytes.clone()));
        self.decoder.push_range(start..end, bytes).map_err(corrupt)
    }

    pub fn step(&mut self) -> Result<Step> {
        if !self.asked_tail {
            self.asked_tail = true;
            return Ok(Step::Needs(vec![self.file_bytes.saturating_sub(TAIL_BYTES)..self.file_bytes]));
        }
        let of_other_type = match self.footer_bytes()? {
            Some(length) => self.piece(self.file_bytes - 8 - length, length).map_or(Ok(None), look)?,
            None => None,
        };
        match self.decoder.try_decode().map_err(corrupt)? {
            DecodeResult::NeedsData(ranges) => Ok(Step::Needs(ranges)),
            DecodeResult::Data(metadata) => {
                let metadata = Arc::new(check(metadata, self.file_bytes, of_other_type)?);
                Ok(Step::Ready { metadata, file_bytes: self.file_bytes })
            }
            DecodeResult::Finished => Err(EngineError::failed("the Parquet footer was read already")),
        }
    }

    /// Of what came, so many bytes from `start` on.
    fn piece(&self, start: u64, length: u64) -> Option<&[u8]> {
        self.pieces.iter().find_map(|(at, bytes)| {
            let from = usize::try_from(start.checked_sub(*at)?).ok()?;
            bytes.get(from..from.checked_add(usize::try_from(length).ok()?)?)
        })
    }

    /// The footer's length, by the last bytes of the file; None: they did not come.
    fn footer_bytes(&self) -> Result<Option<u64>> {
        let Some([a, b, c, d, magic @ ..]) = self.piece(self.file_bytes - 8, 8) else { return Ok(None) };
        match magic {
            b"PAR1" => {}
            b"PARE" => {
                return Err(EngineError::unsupported("the footer of the Parquet file is encrypted; decrypt it first"));
            }
            _ => {
                return Err(EngineError::corrupt(
                    "not a Parquet file, or cut off: its last bytes are not the magic number PAR1",
                ));
            }
        }
        let length = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
        if length > MAX_FOOTER_BYTES || length + 8 > self.file_bytes {
            return Err(EngineError::corrupt(format!(
                "the Parquet footer claims {length} bytes in a file of {}",
                self.file_bytes
            )));
        }
        Ok(Some(length))
    }
}

/// Refuses a footer that contradicts itself or the file, and mends what known writers got wrong.
fn check(metadata: ParquetMetaData, file_bytes: u64, of_other_type: Option<ChunkPlace>) -> Result<ParquetMetaData> {
    let mut rows = 0i64;
    let mut mend = false;
    for (at, group) in metadata.row_groups().iter().enumerate() {
        if group.num_rows() < 0 {
            return Err(EngineError::corrupt(format!("row group {at} claims {} rows", group.num_rows())));
        }
        rows = rows.saturating_add(group.num_rows());
        if group.num_columns() != metadata.file_metadata().schema_descr().num_columns() {
            return Err(EngineError::corrupt(format!(
                "row group {at} has {} columns, the schema {}",
                group.num_columns(),
                metadata.file_metadata().schema_descr().num_columns()
            )));
        }
        for (column, chunk) in group.columns().iter().enumerate() {
            mend |= has_wrong_dictionary_offset(chunk);
            let checked = if of_other_type == Some((at, column)) {
                Err(EngineError::corrupt("the type of its values is not the one that the schema says"))
            } else {
                check_chunk(chunk, group.num_rows(), file_bytes)
            };
            checked.map_err(|e| {
                let name = chunk.column_path().string();
                EngineError { message: format!("row group {at}, column {name}: {}", e.message), ..e }.at_column(name)
            })?;
        }
    }
    if rows != metadata.file_metadata().num_rows() {
        return Err(EngineError::corrupt(format!(
            "the footer says {} rows, its row groups hold {rows}",
            metadata.file_metadata().num_rows()
        )));
    }
    if mend { without_wrong_offsets(metadata) } else { Ok(metadata) }
}

/// Old writers put 0, or the offset of the data page, where there is no dictionary.
fn has_wrong_dictionary_offset(chunk: &ColumnChunkMetaData) -> bool {
    chunk.dictionary_page_offset().is_some_and(|at| at < 4 || at >= chunk.data_page_offset())
}

fn without_wrong_offsets(metadata: ParquetMetaData) -> Result<ParquetMetaData> {
    let mut builder: ParquetMetaDataBuilder = metadata.into_builder();
    let mut groups = Vec::new();
    for group in builder.take_row_groups() {
        let mut builder = group.into_builder();
        let mut columns = builder.take_columns();
        for chunk in &mut columns {
            if has_wrong_dictionary_offset(chunk) {
                *chunk = chunk.clone().into_builder().set_dictionary_page_offset(None).build().map_err(corrupt)?;
            }
        }
        groups.push(builder.set_column_metadata(columns).build().map_err(corrupt)?);
    }
    Ok(builder.set_row_groups(groups).build())
}

fn check_chunk(chunk: &ColumnChunkMetaData, rows: i64, file_bytes: u64) -> Result<()> {
    if chunk.file_path().is_some_and(|path| !path.is_empty()) {
        return Err(EngineError::unsupported("its data is in another file (file_path of the column chunk)"));
    }
    let start = match chunk.dictionary_page_offset() {
        Some(at) if !has_wrong_dictionary_offset(chunk) => at,
        _ => chunk.data_page_offset(),
    };
    let fits = start >= 4
        && chunk.compressed_size() >= 0
        && chunk.uncompressed_size() >= 0
        && start.checked_add(chunk.compressed_size()).is_some_and(|end| end as u64 <= file_bytes);
    // A row group of no rows may point anywhere.
    if !fits && rows > 0 {
        return Err(EngineError::corrupt(format!(
            "its {} bytes at {start} are not inside the file of {file_bytes} bytes",
            chunk.compressed_size()
        )));
    }
    let flat = chunk.column_descr().max_rep_level() == 0;
    if chunk.num_values() < 0 || flat && chunk.num_values() != rows || chunk.num_values() < rows {
        return Err(EngineError::corrupt(format!("it claims {} values for {rows} rows", chunk.num_values())));
    }
    Ok(())
}
