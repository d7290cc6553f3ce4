//! Which rows a page holds.

use std::ops::Range;

use super::super::selection::Selection;

/// Of a data page.
#[derive(Clone, Copy, Default)]
pub struct Place {
    /// Rows of the row group that begin before it.
    pub before: u64,
    /// Rows that begin in it.
    pub rows: u64,
    /// Its first value begins a row.
    pub at_row: bool,
    pub values: u64,
    pub uncompressed: u64,
    /// About what its values take as an array.
    pub array: u64,
}

impl Place {
    /// Rows that begin in it.
    pub fn range(&self) -> Range<u64> {
        self.before..self.before.saturating_add(self.rows)
    }

    /// About what the selected ones of the rows take as an array that are in the page.
    pub fn array_bytes_of(&self, rows: &Range<u64>, selection: &Selection) -> u64 {
        let (start, end) = (self.before.max(rows.start), self.range().end.min(rows.end));
        match self.rows {
            // All of it goes on with the row before.
            0 if self.before >= rows.start && self.before <= rows.end => {
                let goes_on = selection.has_any(self.before.saturating_sub(1)..self.before);
                if goes_on { self.array } else { 0 }
            }
            _ if start < end => {
                let held = selection.count_in(start..end);
                (u128::from(self.array) * u128::from(held) / u128::from(self.rows)) as u64
            }
            _ => 0,
        }
    }
}
