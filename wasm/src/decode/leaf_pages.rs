//! The pages of the leaves of one row group, as the decoder asks for them. What a batch takes must be there before.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parquet::arrow::arrow_reader::RowGroups;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};

use super::leaf::Leaf;

/// The decoder and whoever feeds it hold the same leaf.
#[derive(Clone)]
pub struct SharedLeaf(Arc<Mutex<Leaf>>);

impl SharedLeaf {
    pub fn new(leaf: Leaf) -> Self {
        Self(Arc::new(Mutex::new(leaf)))
    }

    pub fn lock(&self) -> MutexGuard<'_, Leaf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub struct GroupPages<'a> {
    pub metadata: &'a ParquetMetaData,
    pub index: usize,
    pub leaves: &'a [SharedLeaf],
}

impl RowGroups for GroupPages<'_> {
    fn num_rows(&self) -> usize {
        self.metadata.row_group(self.index).num_rows() as usize
    }

    fn column_chunks(&self, index: usize) -> Result<Box<dyn PageIterator>> {
        let leaf = self.leaves.iter().find(|leaf| leaf.lock().index == index);
        let leaf = leaf.ok_or_else(|| ParquetError::General(format!("column chunk {index} is not read")))?;
        Ok(Box::new(OneChunk(Some(LeafPages(leaf.clone())))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.metadata.row_group(self.index)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        self.metadata
    }
}

struct OneChunk(Option<LeafPages>);

impl Iterator for OneChunk {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(|pages| Ok(Box::new(pages) as Box<dyn PageReader>))
    }
}

impl PageIterator for OneChunk {}

struct LeafPages(SharedLeaf);

impl Iterator for LeafPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for LeafPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let mut leaf = self.0.lock();
        leaf.next_page().map_err(|e| leaf.named_for_decoder(e))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        Ok(self.0.lock().peek())
    }

    fn skip_next_page(&mut self) -> Result<()> {
        let mut leaf = self.0.lock();
        leaf.skip().map_err(|e| leaf.named_for_decoder(e))
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        Ok(self.0.lock().at_row())
    }
}
