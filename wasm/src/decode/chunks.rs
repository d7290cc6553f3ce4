//! The column chunks of one row group, held in memory, as the decoder takes them: every page is looked at before it
//! is decoded, because the decoder trusts some of what a page says of itself.

use std::sync::Arc;

use bytes::buf::Reader;
use bytes::{Buf, Bytes};
use parquet::arrow::arrow_reader::RowGroups;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

use super::maps::MapLeaves;
use super::page_check::{PageCheck, bad};

/// By leaf; none for leaves that are not read.
pub struct GroupChunks {
    pub metadata: Arc<ParquetMetaData>,
    pub index: usize,
    pub chunks: Vec<Option<Bytes>>,
}

impl RowGroups for GroupChunks {
    fn num_rows(&self) -> usize {
        self.metadata.row_group(self.index).num_rows() as usize
    }

    fn column_chunks(&self, leaf: usize) -> Result<Box<dyn PageIterator>> {
        Ok(Box::new(OneChunk(Some(Box::new(self.pages(leaf)?)))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.metadata.row_group(self.index)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

impl GroupChunks {
    fn pages(&self, leaf: usize) -> Result<CheckedPages> {
        let chunk = self.metadata.row_group(self.index).column(leaf);
        let bytes = self.chunks.get(leaf).cloned().flatten();
        let bytes = bytes.ok_or_else(|| ParquetError::General(format!("column chunk {leaf} was not read")))?;
        let held = Arc::new(Held { start: chunk.byte_range().0, bytes });
        let pages = SerializedPageReader::new(held, chunk, self.num_rows(), None)?;
        let column = chunk.column_descr();
        let left = chunk.num_values();
        Ok(CheckedPages { pages, check: PageCheck::new(column), name: column.path().string(), left })
    }

    /// The columns of a map are read twice, the first time for their levels.
    pub fn check_maps(&self, maps: &[MapLeaves]) -> Result<()> {
        for map in maps {
            let mut first = None;
            for leaf in (map.first..map.end).filter(|leaf| self.chunks[*leaf].is_some()) {
                let column = self.metadata.row_group(self.index).column(leaf).column_descr();
                let entries = map.entries(&mut self.pages(leaf)?, column.max_rep_level(), column.max_def_level())?;
                if *first.get_or_insert(entries) != entries {
                    let name = column.path();
                    return Err(bad(format!("column {name}: it has other entries than the rest of its map")));
                }
            }
        }
        Ok(())
    }
}

/// Bytes of a file from `start`.
struct Held {
    start: u64,
    bytes: Bytes,
}

impl Held {
    fn from(&self, at: u64, length: Option<usize>) -> Result<Bytes> {
        let outside = || ParquetError::EOF("a page is not inside its column chunk".into());
        let from = at.checked_sub(self.start).and_then(|from| usize::try_from(from).ok()).ok_or_else(outside)?;
        let end = length.map_or(Some(self.bytes.len()), |length| from.checked_add(length)).ok_or_else(outside)?;
        if from > end || end > self.bytes.len() {
            return Err(outside());
        }
        Ok(self.bytes.slice(from..end))
    }
}

impl Length for Held {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Held {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(self.from(start, None)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.from(start, Some(length))
    }
}

struct OneChunk(Option<Box<dyn PageReader>>);

impl Iterator for OneChunk {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl PageIterator for OneChunk {}

struct CheckedPages {
    pages: SerializedPageReader<Held>,
    check: PageCheck,
    name: String,
    /// Values that are still to come. What follows the last one was not looked at, and is not read.
    left: i64,
}

impl CheckedPages {
    fn named(&self, e: ParquetError) -> ParquetError {
        match e {
            ParquetError::General(text) | ParquetError::EOF(text) => bad(format!("column {}: {text}", self.name)),
            other => other,
        }
    }
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        if self.left <= 0 {
            return Ok(None);
        }
        let page = self.pages.get_next_page().map_err(|e| self.named(e))?;
        if let Some(page) = &page {
            self.check.page(page).map_err(|e| self.named(e))?;
            if !matches!(page, Page::DictionaryPage { .. }) {
                self.left -= i64::from(page.num_values());
            }
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        if self.left <= 0 { Ok(None) } else { self.pages.peek_next_page() }
    }

    fn skip_next_page(&mut self) -> Result<()> {
        if let Some(levels) = self.peek_next_page()?.and_then(|page| page.num_levels) {
            self.left -= levels as i64;
        }
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        if self.left <= 0 { Ok(true) } else { self.pages.at_record_boundary() }
    }
}
