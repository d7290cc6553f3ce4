//! Columns of single values, and of lists of them, straight from their pages: plain values and dictionary indices. What
//! else there is the decoder of the parquet crate reads.

mod fixed;
mod hybrid;
mod kinds;
mod lists;
mod page;
mod passed_lists;
mod spans;
mod texts;
mod unpack;
mod validity;
mod values;

use arrow_array::ArrayRef;
use arrow_schema::FieldRef;
use arrow_select::take::take;
use parquet::column::page::Page;
use parquet::errors::{ParquetError, Result as PageResult};

use self::hybrid::AT_ONCE;
use self::kinds::Simple;
use self::lists::Lists;
use self::page::{Levels, OpenPage};
use self::passed_lists::PassedLists;
use self::validity::{Validity, pass_levels};
use self::values::Values;
use super::leaf_pages::SharedLeaf;
use super::page_check::bad;
use super::selection::{Bridged, RowStep};
use crate::error::{EngineError, Result};

pub use self::kinds::{Root, roots_of};
pub use self::spans::SHORTS_BYTES as ROOM_BYTES;

pub struct Column {
    field: FieldRef,
    leaf: SharedLeaf,
    simple: Simple,
    values: Box<dyn Values>,
    has_dictionary: bool,
    /// Levels and indices that are unpacked together.
    at_once: usize,
    page: Option<OpenPage>,
}

impl Column {
    /// `roomy`: there is memory for what makes it quicker, `ROOM_BYTES` at most.
    pub fn new(field: FieldRef, simple: &Simple, leaf: SharedLeaf, roomy: bool) -> Self {
        let (values, at_once) = (simple.kind.values(roomy), if roomy { AT_ONCE } else { AT_ONCE / 8 });
        let unpacked = at_once * (size_of::<u32>() + if simple.list.is_some() { 2 } else { 0 });
        leaf.lock().read_by_column(simple.kind.width(), unpacked as u64);
        Self { field, leaf, simple: simple.clone(), values, has_dictionary: false, at_once, page: None }
    }

    /// Leaves the pages to the decoder where it must read one that has arrived, and answers so.
    pub fn leave_foreign_pages(&self) -> Result<bool> {
        let mut leaf = self.leaf.lock();
        if !leaf.is_foreign() {
            return Ok(false);
        }
        leaf.read_by_decoder()?;
        Ok(true)
    }

    /// Whether the pages are there of all rows in short gaps.
    pub fn has_bridges(&self) -> bool {
        !self.leaf.lock().passes_short_gaps()
    }

    /// What is selected of the rows of these steps; their pages are there.
    pub fn read_bridged(&mut self, bridged: &Bridged) -> Result<ArrayRef> {
        let array = self.read(bridged.rows, bridged.steps.iter().copied())?;
        take(&array, &bridged.selected, None).map_err(|e| EngineError::failed(e.to_string()))
    }

    /// The rows of these steps; their pages are there.
    pub fn read(&mut self, rows: usize, steps: impl Iterator<Item = RowStep>) -> Result<ArrayRef> {
        let read = if self.simple.list.is_some() { self.lists(rows, steps) } else { self.single(rows, steps) };
        read.map_err(|e| self.leaf.lock().named(e))
    }

    fn single(&mut self, rows: usize, steps: impl Iterator<Item = RowStep>) -> PageResult<ArrayRef> {
        let nullable = self.simple.highest > 0;
        let mut validity = Validity::new(if nullable { rows } else { 0 });
        self.values.reserve(rows);
        for step in steps {
            self.skip_single(step.skip)?;
            let end = self.values.len() + step.take;
            while self.values.len() < end {
                let first = self.values.len();
                let (page, values) = self.page()?;
                let count = page.left.min(end - first);
                page.left -= count;
                let present = match &mut page.levels {
                    Levels::Single(defs) if nullable => validity.push_levels(defs, count)?,
                    _ => count,
                };
                page.take_values(present, values)?;
                if present < count {
                    values.spread(first, count, validity.bits(), first);
                }
            }
        }
        self.close_page();
        self.values.finish(self.field.data_type(), validity.finish())
    }

    fn skip_single(&mut self, mut rows: usize) -> PageResult<()> {
        let nullable = self.simple.highest > 0;
        while rows > 0 {
            if let Some(passed) = self.pass_pages()? {
                rows = rows.checked_sub(passed).ok_or_else(too_many_passed)?;
                continue;
            }
            let (page, values) = self.page()?;
            let count = page.left.min(rows);
            (page.left, rows) = (page.left - count, rows - count);
            if page.left > 0 {
                let present = match &mut page.levels {
                    Levels::Single(defs) if nullable => pass_levels(defs, count)?,
                    _ => count,
                };
                page.pass_values(present, values)?;
            }
        }
        Ok(())
    }

    fn lists(&mut self, rows: usize, steps: impl Iterator<Item = RowStep>) -> PageResult<ArrayRef> {
        let levels = self.simple.list.unwrap_or(kinds::ListLevels { present: 0, element: 1 });
        let mut lists = Lists::new(rows, levels, self.simple.highest);
        for step in steps {
            self.skip_lists(step.skip)?;
            lists.expect(step.take);
            // A row ends where the next one begins.
            while !(self.is_between_pages() && lists.are_all() && self.leaf.lock().at_row()) {
                let first = self.values.len();
                let (page, values) = self.page()?;
                let Levels::List(levels) = &mut page.levels else { return Err(no_levels()) };
                let taken = lists.push(levels, page.left)?;
                page.left -= taken.levels;
                page.take_values(taken.values, values)?;
                if taken.values < taken.slots {
                    values.spread(first, taken.slots, lists.bits(), first);
                }
                if page.left > 0 {
                    break;
                }
            }
        }
        self.close_page();
        lists.finish(&self.field, &mut *self.values)
    }

    fn skip_lists(&mut self, rows: usize) -> PageResult<()> {
        let mut passed = PassedLists::new(rows, self.simple.highest);
        while rows > 0 && !(self.is_between_pages() && passed.are_all() && self.leaf.lock().at_row()) {
            if let Some(rows) = self.pass_pages()? {
                passed.pass_rows(rows).ok_or_else(too_many_passed)?;
                continue;
            }
            let (page, values) = self.page()?;
            let Levels::List(levels) = &mut page.levels else { return Err(no_levels()) };
            let taken = passed.pass(levels, page.left)?;
            page.left -= taken.levels;
            if page.left > 0 {
                return page.pass_values(taken.values, values);
            }
        }
        Ok(())
    }

    /// Passes over pages that are not read and come next. Answers their rows.
    fn pass_pages(&mut self) -> PageResult<Option<usize>> {
        if !self.is_between_pages() {
            return Ok(None);
        }
        if self.leaf.lock().is_dictionary_next() {
            self.take_page()?;
        }
        Ok(self.leaf.lock().pass_rows().map(|rows| rows as usize))
    }

    fn is_between_pages(&self) -> bool {
        self.page.as_ref().is_none_or(|page| page.left == 0)
    }

    /// A page of which nothing is left is not held.
    fn close_page(&mut self) {
        self.page = self.page.take().filter(|page| page.left > 0);
    }

    /// The page that the next value is in.
    fn page(&mut self) -> PageResult<(&mut OpenPage, &mut dyn Values)> {
        while self.is_between_pages() {
            self.close_page();
            self.take_page()?;
        }
        let page = self.page.as_mut().ok_or_else(|| bad("a page is missing".into()))?;
        Ok((page, &mut *self.values))
    }

    /// The next page of the leaf, or its dictionary.
    fn take_page(&mut self) -> PageResult<()> {
        let page = self.leaf.lock().next_page()?;
        match page {
            None => return Err(bad("it ends before the rows that the footer says".into())),
            Some(Page::DictionaryPage { buf, num_values, .. }) => {
                let bytes = self.values.set_dictionary(&buf, num_values as usize)?;
                self.leaf.lock().set_dictionary_bytes(bytes as u64);
                self.has_dictionary = true;
            }
            Some(page) => {
                if page.encoding() != parquet::basic::Encoding::PLAIN && !self.has_dictionary {
                    return Err(bad("a page needs a dictionary, and the column chunk has none".into()));
                }
                self.page = Some(OpenPage::new(&page, self.simple.list.is_some(), self.simple.highest, self.at_once)?);
            }
        }
        Ok(())
    }
}

fn too_many_passed() -> ParquetError {
    bad("pages that are not read hold rows that are".into())
}

fn no_levels() -> ParquetError {
    bad("a list has no levels".into())
}
