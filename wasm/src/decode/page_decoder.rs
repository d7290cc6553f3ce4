//! Pages of one column chunk as bytes to pages as the decoder takes them. Any page may follow any other.

use std::sync::Arc;

use bytes::buf::Reader;
use bytes::{Buf, Bytes};
use parquet::column::page::{Page, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

use super::page_check::bad;
use super::thrift::{Header, PageHeader, page_header};

/// The page in hand, as all that there is.
struct Feed(Bytes);

pub struct PageDecoder {
    chunk: ColumnChunkMetaData,
}

impl PageDecoder {
    pub fn new(chunk: &ColumnChunkMetaData) -> Result<Self> {
        let endless = chunk
            .clone()
            .into_builder()
            .set_dictionary_page_offset(None)
            .set_data_page_offset(0)
            .set_total_compressed_size(i64::MAX)
            .build()?;
        Ok(Self { chunk: endless })
    }

    /// `bytes`: a header and what belongs to it. The reader is made anew for each page: one holds about 100 KB for zstd,
    /// which all columns of a wide file would hold between their pages.
    pub fn decode(&self, bytes: Bytes) -> Result<Page> {
        check_sum(&bytes)?;
        let mut pages = SerializedPageReader::new(Arc::new(Feed(bytes)), &self.chunk, 0, None)?;
        pages.get_next_page()?.ok_or_else(|| bad("a page is missing".into()))
    }
}

/// The checksum that a page's header may have, over what is behind it.
fn check_sum(page: &[u8]) -> Result<()> {
    let Header::Whole(PageHeader { crc: Some(said), .. }, length) = page_header(page) else { return Ok(()) };
    let mut found = flate2::Crc::new();
    found.update(&page[length..]);
    if found.sum() != said as u32 {
        return Err(bad("a page is not what its checksum is of".into()));
    }
    Ok(())
}

impl Feed {
    fn from(&self, at: u64, length: Option<usize>) -> Result<Bytes> {
        let Feed(bytes) = self;
        let outside = || ParquetError::EOF("a page ends before its header says".into());
        let from = usize::try_from(at).map_err(|_| outside())?;
        let end = length.map_or(Some(bytes.len()), |length| from.checked_add(length)).ok_or_else(outside)?;
        if from > end || end > bytes.len() { Err(outside()) } else { Ok(bytes.slice(from..end)) }
    }
}

impl Length for Feed {
    fn len(&self) -> u64 {
        u64::MAX
    }
}

impl ChunkReader for Feed {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(self.from(start, None)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.from(start, Some(length))
    }
}
