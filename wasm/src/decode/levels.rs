//! Repetition and definition levels of one page.

use std::ops::Range;

use parquet::basic::Encoding;
use parquet::column::page::Page;
use parquet::errors::Result;

use super::page_check::{after_levels, bad};
use super::runs::{runs, zeros};

/// The levels of one kind.
pub struct Levels<'a> {
    bytes: &'a [u8],
    max_level: i16,
    count: usize,
    /// Packed from the most significant bit, as only files older than the format's first release have it.
    packed: bool,
}

/// Where in a page of the second version its levels are.
#[derive(Clone)]
pub struct LevelBytes {
    reps: Range<usize>,
    defs: Range<usize>,
}

impl LevelBytes {
    /// Behind a header, with the lengths that it says.
    pub fn behind(head: usize, [reps, defs]: [i32; 2]) -> Self {
        let length = |length: i32| usize::try_from(length).unwrap_or(usize::MAX);
        let end = head.saturating_add(length(reps));
        Self { reps: head..end, defs: end..end.saturating_add(length(defs)) }
    }

    /// Repetition and definition levels in the bytes of the page.
    pub fn of<'a>(&self, page: &'a [u8], count: usize, [rep, def]: [i16; 2]) -> Result<(Levels<'a>, Levels<'a>)> {
        let of = |range: &Range<usize>, max_level| -> Result<_> {
            let bytes = page.get(range.clone()).ok_or_else(|| bad("a page is shorter than its levels".into()))?;
            Ok(Levels { bytes, max_level, count, packed: false })
        };
        Ok((of(&self.reps, rep)?, of(&self.defs, def)?))
    }
}

/// Repetition and definition levels of a data page; None: a dictionary page.
pub fn levels_of(page: &Page, max_rep: i16, max_def: i16) -> Result<Option<(Levels<'_>, Levels<'_>)>> {
    match page {
        Page::DictionaryPage { .. } => Ok(None),
        Page::DataPage { buf, num_values, def_level_encoding, rep_level_encoding, .. } => {
            let count = *num_values as usize;
            let after = after_levels(buf, max_rep, *rep_level_encoding, count)?;
            let reps = v1(&buf[..buf.len() - after.len()], max_rep, *rep_level_encoding, count);
            let rest = after_levels(after, max_def, *def_level_encoding, count)?;
            let defs = v1(&after[..after.len() - rest.len()], max_def, *def_level_encoding, count);
            Ok(Some((reps, defs)))
        }
        Page::DataPageV2 { buf, num_values, rep_levels_byte_len, def_levels_byte_len, .. } => {
            let (reps, defs) = (*rep_levels_byte_len as usize, *def_levels_byte_len as usize);
            let short = || bad("a page is shorter than its levels".into());
            let count = *num_values as usize;
            let reps_bytes = buf.get(..reps).ok_or_else(short)?;
            let defs_bytes = buf.get(reps..reps.saturating_add(defs)).ok_or_else(short)?;
            let of = |bytes, max_level| Levels { bytes, max_level, count, packed: false };
            Ok(Some((of(reps_bytes, max_rep), of(defs_bytes, max_def))))
        }
    }
}

#[expect(deprecated)]
fn v1(bytes: &[u8], max_level: i16, encoding: Encoding, count: usize) -> Levels<'_> {
    let packed = encoding == Encoding::BIT_PACKED;
    let bytes = if packed { bytes } else { bytes.get(4..).unwrap_or_default() };
    Levels { bytes, max_level, count, packed }
}

impl Levels<'_> {
    /// Gives each level, with how often it comes.
    pub fn each(&self, mut give: impl FnMut(i16, usize)) -> Result<()> {
        if self.max_level == 0 {
            give(0, self.count);
            return Ok(());
        }
        let width = (u64::BITS - (self.max_level as u64).leading_zeros()) as usize;
        let mut seen = 0;
        let mut within = |level: u64, times: usize| {
            if level > self.max_level as u64 {
                return Err(bad(format!("a level of {level} where {} is the highest", self.max_level)));
            }
            seen += times;
            give(level as i16, times);
            Ok(())
        };
        if self.packed {
            let bit = |at: usize| self.bytes.get(at / 8).map_or(0, |byte| u64::from(byte >> (7 - at % 8) & 1));
            let whole = self.count.min(self.bytes.len().saturating_mul(8) / width);
            for at in 0..whole {
                within((at * width..(at + 1) * width).fold(0, |level, at| level << 1 | bit(at)), 1)?;
            }
        } else {
            runs(self.bytes, width, self.count, &mut within)?;
        }
        if seen < self.count {
            return Err(bad(format!("a page of {} values has {seen} levels", self.count)));
        }
        Ok(())
    }

    pub fn all(&self) -> Result<Vec<i16>> {
        let mut levels = Vec::new();
        levels.try_reserve(self.count).map_err(|_| bad(format!("a page claims {} levels", self.count)))?;
        self.each(|level, times| levels.resize(levels.len() + times, level))?;
        Ok(levels)
    }
}

/// Rows that begin in a page, and whether its first value begins one.
pub fn rows_that_begin(reps: &Levels<'_>) -> Result<(usize, bool)> {
    if reps.max_level == 1 && !reps.packed {
        return zeros(reps.bytes, reps.count);
    }
    let (mut rows, mut first) = (0, None);
    reps.each(|level, times| {
        first.get_or_insert(level == 0);
        rows += if level == 0 { times } else { 0 };
    })?;
    Ok((rows, first.unwrap_or(true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hybrid(bytes: &[u8], max_level: i16, count: usize) -> Levels<'_> {
        Levels { bytes, max_level, count, packed: false }
    }

    #[test]
    fn levels_are_unpacked_or_refused() {
        assert_eq!(hybrid(&[6, 1, 3, 0b1010_0101], 1, 11).all().unwrap(), [1, 1, 1, 1, 0, 1, 0, 0, 1, 0, 1]);
        assert!(hybrid(&[6, 1], 1, 4).all().is_err());
        assert!(hybrid(&[6, 3], 2, 3).all().is_err());
        assert_eq!(hybrid(&[], 0, 3).all().unwrap(), [0, 0, 0]);
    }

    #[test]
    fn old_levels_are_packed_from_the_top() {
        let packed = |count| Levels { bytes: &[0b0001_1000], max_level: 2, count, packed: true };
        assert_eq!(packed(4).all().unwrap(), [0, 1, 2, 0]);
        assert!(packed(5).all().is_err());
        assert!(Levels { bytes: &[0b1100_0000], max_level: 2, count: 1, packed: true }.all().is_err());
    }

    #[test]
    fn rows_are_counted_by_their_first_value() {
        assert_eq!(rows_that_begin(&hybrid(&[6, 1, 3, 0b1010_0101], 1, 11)).unwrap(), (4, false));
        assert_eq!(rows_that_begin(&hybrid(&[6, 0], 1, 3)).unwrap(), (3, true));
        assert_eq!(rows_that_begin(&hybrid(&[3, 0b1010_0101, 6, 0], 1, 11)).unwrap(), (7, false));
        assert_eq!(rows_that_begin(&hybrid(&[3, 0b1010_0100], 1, 5)).unwrap(), (4, true));
        assert_eq!(rows_that_begin(&hybrid(&[6, 2, 6, 1], 2, 6)).unwrap(), (0, false));
        for (bytes, count) in [(&[6, 2][..], 3), (&[6, 1], 4), (&[5, 0], 9), (&[0, 1], 1), (&[], 1)] {
            assert!(rows_that_begin(&hybrid(bytes, 1, count)).is_err(), "{bytes:?}");
        }
    }
}
