//! Lists that are not read: what of their pages is passed over.

use parquet::errors::Result;

use super::super::page_check::bad;
use super::lists::{Taken, end_of_rows};
use super::page::ListLevelsOfPage;

pub struct PassedLists {
    rows: usize,
    highest: u8,
    begun: usize,
    /// The next level begins a row.
    between: bool,
}

impl PassedLists {
    /// `highest`: the definition level of a value.
    pub fn new(rows: usize, highest: u8) -> Self {
        Self { rows, highest, begun: 0, between: true }
    }

    /// The last row has begun.
    pub fn are_all(&self) -> bool {
        self.begun == self.rows
    }

    /// Rows of whole pages. None: there are not so many.
    pub fn pass_rows(&mut self, rows: usize) -> Option<()> {
        self.begun = self.begun.checked_add(rows).filter(|begun| *begun <= self.rows)?;
        self.between = true;
        Some(())
    }

    /// Passes over levels of a page as far as the rows go. Answers how many, and of the values that they say there are.
    pub fn pass(&mut self, page: &mut ListLevelsOfPage, left: usize) -> Result<Taken> {
        let mut taken = Taken::default();
        while taken.levels < left {
            let reps = page.reps.next(left - taken.levels)?;
            let defs = page.defs.next(reps.len())?;
            let reps = &reps[..defs.len()];
            if self.between && reps[0] != 0 {
                return Err(bad("its first value is inside of a row".into()));
            }
            let cut = end_of_rows(reps, self.rows - self.begun);
            if defs[..cut].iter().any(|def| *def > self.highest) {
                return Err(bad("its levels are not those of lists".into()));
            }
            self.between &= cut == 0;
            self.begun += reps[..cut].iter().filter(|rep| **rep == 0).count();
            taken.values += defs[..cut].iter().filter(|def| **def == self.highest).count();
            let ended = cut < reps.len();
            page.reps.pass(cut);
            page.defs.pass(cut);
            taken.levels += cut;
            if ended {
                break;
            }
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::super::lists::tests::page;
    use super::*;

    #[test]
    fn rows_are_passed_to_where_the_next_begins() {
        // [7, null], null | [8 | 9], [7]
        let mut first = page(&[0, 1, 0, 0], &[3, 2, 0, 3]);
        let mut second = page(&[1, 0], &[3, 3]);
        let mut lists = PassedLists::new(3, 3);
        assert_eq!(lists.pass(&mut first, 4).unwrap(), Taken { levels: 4, values: 2, slots: 0 });
        assert!(lists.are_all());
        assert_eq!(lists.pass(&mut second, 2).unwrap(), Taken { levels: 1, values: 1, slots: 0 });
        assert!(PassedLists::new(1, 3).pass(&mut page(&[1], &[3]), 1).is_err());
        assert!(PassedLists::new(1, 2).pass(&mut page(&[0], &[3]), 1).is_err());
        assert!(PassedLists::new(3, 2).pass_rows(4).is_none());
    }
}
