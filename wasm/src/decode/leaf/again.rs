//! For a decoder that begins in the middle of a row group: it is shown the rows before as one page to skip, and gets the
//! pages once more that the one before it had taken and not finished.

use std::collections::VecDeque;

use parquet::column::page::{Page, PageMetadata};
use parquet::errors::Result as PageResult;

use super::super::page_check::bad;
use super::super::pages::PageKind;
use super::Leaf;
use crate::error::Result;

#[derive(Default)]
pub struct Again {
    /// Rows it must not ask for.
    passed: Option<usize>,
    /// Pages it gets once more.
    pages: VecDeque<Page>,
}

impl Again {
    fn is_dictionary(&self) -> bool {
        self.pages.front().is_some_and(Page::is_dictionary_page)
    }
}

impl Leaf {
    /// A new decoder will ask for the pages from the one on that holds the first row that was not read.
    pub fn rewind(&mut self) -> Result<()> {
        let dictionary = self.dictionary_again().map_err(|e| self.named(e))?;
        self.again.pages.clear();
        self.again.pages.extend(dictionary);
        self.again.pages.extend(self.taken.iter().map(|(page, _)| page.clone()));
        let first = self.taken.front().map(|(_, place)| place.before);
        let passed = first.or_else(|| self.waiting.front().filter(|_| self.counted > 0).map(|one| one.place.before));
        self.again.passed = Some(passed.unwrap_or(self.rows) as usize).filter(|rows| *rows > 0);
        Ok(())
    }

    /// The dictionary page, where it was taken.
    pub(super) fn dictionary_again(&mut self) -> PageResult<Option<Page>> {
        let waits = self.waiting.front().is_some_and(|next| next.kind == PageKind::Dictionary);
        let bytes = self.dictionary.page.clone().filter(|_| !waits);
        bytes.map(|bytes| self.decoder.decode(bytes)).transpose()
    }

    /// The next page of those that are given once more.
    pub(super) fn next_again(&mut self) -> PageResult<Option<Page>> {
        if self.again.passed.is_some() && !self.again.is_dictionary() {
            return Err(bad("rows were read twice".into()));
        }
        Ok(self.again.pages.pop_front())
    }

    pub fn peek(&self) -> Option<PageMetadata> {
        let data = |rows, values| PageMetadata { num_rows: rows, num_levels: values, is_dict: false };
        let dictionary = PageMetadata { num_rows: None, num_levels: None, is_dict: true };
        if self.again.is_dictionary() {
            return Some(dictionary);
        }
        if let Some(rows) = self.again.passed {
            return Some(data(Some(rows), None));
        }
        if let Some(page) = self.again.pages.front() {
            return Some(data(None, Some(page.num_values() as usize)));
        }
        let next = self.waiting.front()?;
        match next.kind {
            PageKind::Dictionary => Some(dictionary),
            _ if next.is_passed() => Some(data(Some(next.place.rows as usize), None)),
            _ => Some(data(None, (self.max_rep == 0).then_some(next.place.rows as usize))),
        }
    }

    /// The page that `peek` shows.
    pub fn skip(&mut self) -> PageResult<()> {
        if self.again.passed.is_some() && !self.again.is_dictionary() {
            self.again.passed = None;
            return Ok(());
        }
        if self.again.pages.is_empty() && self.pass_rows().is_some() {
            return Ok(());
        }
        self.next_page().map(|_| ())
    }

    /// Whether the next page begins a row.
    pub fn at_row(&self) -> bool {
        if !self.again.pages.is_empty() {
            return false;
        }
        match self.waiting.front() {
            // That it does is looked at before the row before it is read.
            _ if self.has_offset_index() => true,
            None => self.is_found(),
            Some(next) => next.is_passed() || self.counted > 0 && next.place.at_row,
        }
    }
}
