//! Pages of one column chunk as bytes to pages as the decoder takes them. Any page may follow any other.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::buf::Reader;
use bytes::{Buf, Bytes};
use parquet::column::page::{Page, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

use super::page_check::bad;

/// The page reader asks for one page after another at rising places: what it is given is the page in hand.
#[derive(Default)]
struct Feed(Mutex<(u64, Bytes)>);

pub struct PageDecoder {
    feed: Arc<Feed>,
    pages: SerializedPageReader<Feed>,
}

impl PageDecoder {
    pub fn new(chunk: &ColumnChunkMetaData) -> Result<Self> {
        let feed = Arc::new(Feed::default());
        let endless = chunk
            .clone()
            .into_builder()
            .set_dictionary_page_offset(None)
            .set_data_page_offset(0)
            .set_total_compressed_size(i64::MAX)
            .build()?;
        let pages = SerializedPageReader::new(feed.clone(), &endless, 0, None)?;
        Ok(Self { feed, pages })
    }

    /// `bytes`: a header and what belongs to it.
    pub fn decode(&mut self, bytes: Bytes) -> Result<Page> {
        self.feed.with(|held| held.1 = bytes);
        let page = self.pages.get_next_page();
        self.feed.with(|(start, bytes)| {
            *start += bytes.len() as u64;
            *bytes = Bytes::new();
        });
        page?.ok_or_else(|| bad("a page is missing".into()))
    }
}

impl Feed {
    fn with<T>(&self, call: impl FnOnce(&mut (u64, Bytes)) -> T) -> T {
        call(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn from(&self, at: u64, length: Option<usize>) -> Result<Bytes> {
        self.with(|(start, bytes)| {
            let outside = || ParquetError::EOF("a page ends before its header says".into());
            let from = at.checked_sub(*start).and_then(|from| usize::try_from(from).ok()).ok_or_else(outside)?;
            let end = length.map_or(Some(bytes.len()), |length| from.checked_add(length)).ok_or_else(outside)?;
            if from > end || end > bytes.len() { Err(outside()) } else { Ok(bytes.slice(from..end)) }
        })
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
