//! Which rows a page holds.

/// Of a data page.
#[derive(Clone, Copy, Default)]
pub struct Place {
    /// Rows of the row group that begin before it.
    pub before: u64,
    /// Rows that begin in it.
    pub rows: u64,
    /// Its first value begins a row.
    pub at_row: bool,
    pub uncompressed: u64,
    /// About what its values take as an array.
    pub array: u64,
}

impl Place {
    /// About what those of the rows take as an array that are in the page.
    pub fn array_bytes_of(&self, from: u64, rows: u64) -> u64 {
        let (start, end) = (self.before.max(from), (self.before + self.rows).min(from + rows));
        match self.rows {
            0 if self.before >= from && self.before <= from + rows => self.array,
            _ if start < end => (u128::from(self.array) * u128::from(end - start) / u128::from(self.rows)) as u64,
            _ => 0,
        }
    }
}
