//! Columns of single values, and of lists of them, straight from their pages: plain values and dictionary indices. What
//! else there is the decoder of the parquet crate reads.

mod fixed;
mod hybrid;
mod kinds;
mod lists;
mod page;
mod texts;
mod unpack;
mod validity;
mod values;

use arrow_array::ArrayRef;
use arrow_schema::FieldRef;
use parquet::column::page::Page;
use parquet::errors::Result as PageResult;

use self::kinds::Simple;
use self::lists::Lists;
use self::page::{Levels, OpenPage};
use self::validity::Validity;
use self::values::Values;
use super::leaf_pages::SharedLeaf;
use super::page_check::bad;
use crate::error::Result;

pub use self::kinds::{Root, roots_of};

pub struct Column {
    field: FieldRef,
    leaf: SharedLeaf,
    simple: Simple,
    values: Box<dyn Values>,
    has_dictionary: bool,
    page: Option<OpenPage>,
}

impl Column {
    pub fn new(field: FieldRef, simple: &Simple, leaf: SharedLeaf) -> Self {
        let values = simple.kind.values();
        Self { field, leaf, simple: simple.clone(), values, has_dictionary: false, page: None }
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

    /// The next rows; their pages are there.
    pub fn read(&mut self, rows: usize) -> Result<ArrayRef> {
        let read = if self.simple.list.is_some() { self.lists(rows) } else { self.single(rows) };
        read.map_err(|e| self.leaf.lock().named(e))
    }

    fn single(&mut self, rows: usize) -> PageResult<ArrayRef> {
        let nullable = self.simple.highest > 0;
        let mut validity = Validity::new(if nullable { rows } else { 0 });
        self.values.reserve(rows);
        while self.values.len() < rows {
            let first = self.values.len();
            let (page, values) = self.page()?;
            let count = page.left.min(rows - first);
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
        self.close_page();
        self.values.finish(self.field.data_type(), validity.finish())
    }

    fn lists(&mut self, rows: usize) -> PageResult<ArrayRef> {
        let levels = self.simple.list.unwrap_or(kinds::ListLevels { present: 0, element: 1 });
        let mut lists = Lists::new(rows, levels, self.simple.highest);
        loop {
            // A row ends where the next one begins.
            if self.page.as_ref().is_none_or(|page| page.left == 0) && lists.are_all() && self.leaf.lock().at_row() {
                break;
            }
            let first = self.values.len();
            let (page, values) = self.page()?;
            let Levels::List(levels) = &mut page.levels else { return Err(bad("a list has no levels".into())) };
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
        self.close_page();
        lists.finish(&self.field, &mut *self.values)
    }

    /// A page of which nothing is left is not held.
    fn close_page(&mut self) {
        self.page = self.page.take().filter(|page| page.left > 0);
    }

    /// The page that the next value is in.
    fn page(&mut self) -> PageResult<(&mut OpenPage, &mut dyn Values)> {
        while self.page.as_ref().is_none_or(|page| page.left == 0) {
            self.close_page();
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
                    self.page = Some(OpenPage::new(&page, self.simple.list.is_some(), self.simple.highest)?);
                }
            }
        }
        let page = self.page.as_mut().ok_or_else(|| bad("a page is missing".into()))?;
        Ok((page, &mut *self.values))
    }
}
