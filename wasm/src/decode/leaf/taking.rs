//! Pages as they are given to whoever decodes their values.

use bytes::Bytes;
use parquet::column::page::Page;
use parquet::errors::{ParquetError, Result};

use super::super::page_check::bad;
use super::super::pages::PageKind;
use super::{Body, LEAF_BYTES, Leaf, Waiting};

impl Leaf {
    /// A column takes the pages, whose values have so many bytes as an array, and holds so many beside them.
    pub fn read_by_column(&mut self, width: u64, beside: u64) {
        (self.direct, self.width, self.beside) = (true, width, LEAF_BYTES + beside);
    }

    /// Among the pages that arrived is one that a column cannot read.
    pub fn is_foreign(&self) -> bool {
        self.foreign
    }

    /// From now on the decoder takes the pages, which must have been checked.
    pub fn read_by_decoder(&mut self) -> crate::error::Result<()> {
        self.direct = false;
        let again = self.dictionary_again().map_err(|e| self.named(e))?;
        let taken = self.taken.iter().map(|(page, _)| page);
        let waiting = self.waiting.iter().filter_map(|one| match &one.body {
            Body::Page(page) => Some(page),
            _ => None,
        });
        let mut checked = Ok(());
        for page in again.iter().chain(taken).chain(waiting) {
            checked = checked.and_then(|()| self.check.page(page));
        }
        checked.map_err(|e| self.named(e))
    }

    pub fn set_dictionary_bytes(&mut self, bytes: u64) {
        self.dictionary.bytes = bytes;
    }

    pub fn next_page(&mut self) -> Result<Option<Page>> {
        if let Some(page) = self.next_again()? {
            self.open_end = !self.at_row();
            return Ok(Some(page));
        }
        let Some(Waiting { kind, body, place, .. }) = self.waiting.pop_front() else {
            return if self.is_found() {
                Ok(None)
            } else {
                Err(bad("its pages hold fewer rows than their headers say".into()))
            };
        };
        self.counted = self.counted.saturating_sub(1);
        let page = match body {
            Body::Page(page) => page,
            Body::Raw { bytes, .. } => self.decode(bytes, place.uncompressed)?,
            Body::Passed => return Err(bad("its pages hold fewer rows than is said of them".into())),
        };
        if kind == PageKind::Data {
            self.taken.push_back((page.clone(), place));
            self.open_end = !self.at_row();
        } else {
            self.decompressed -= place.uncompressed;
        }
        Ok(Some(page))
    }

    pub fn is_dictionary_next(&self) -> bool {
        self.waiting.front().is_some_and(|next| next.kind == PageKind::Dictionary)
    }

    /// Rows of the next pages where those are not read: they are passed over.
    pub fn pass_rows(&mut self) -> Option<u64> {
        let next = self.waiting.front().filter(|next| next.is_passed())?;
        let rows = next.place.rows;
        self.waiting.pop_front();
        self.counted = self.counted.saturating_sub(1);
        Some(rows)
    }

    pub(super) fn decode(&mut self, bytes: Bytes, uncompressed: u64) -> Result<Page> {
        self.compressed -= bytes.len() as u64;
        self.decompressed += uncompressed;
        let page = self.decoder.decode(bytes.clone())?;
        if !self.direct {
            self.check.page(&page)?;
        }
        if page.is_dictionary_page() {
            // A copy, as it may be a small part of what was pushed.
            self.dictionary.page = Some(Bytes::copy_from_slice(&bytes));
        }
        Ok(page)
    }

    /// As `named`, of an error that goes through the decoder.
    pub fn named_for_decoder(&self, e: ParquetError) -> ParquetError {
        match e {
            ParquetError::General(text) | ParquetError::EOF(text) => bad(format!("column {}: {text}", self.name)),
            other => other,
        }
    }
}
