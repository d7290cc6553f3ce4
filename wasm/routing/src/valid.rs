//! Which rows are not null.

/// A bit a row, the lowest of a byte first.
#[derive(Clone, Copy)]
pub struct Valid<'a> {
    pub bits: &'a [u8],
    /// The bit of the first row.
    pub offset: usize,
}

impl Valid<'_> {
    #[inline]
    pub fn is(&self, row: usize) -> bool {
        let bit = self.offset + row;
        self.bits[bit / 8] >> (bit % 8) & 1 == 1
    }
}
