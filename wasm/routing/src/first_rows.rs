//! Groups of rows by small numbers.

use super::fours;

pub struct NumberedRows {
    /// The group of each row.
    pub ids: Vec<u32>,
    /// The first row of each group.
    pub firsts: Vec<u32>,
}

/// Rows of equal numbers are a group; groups are in the order of their first rows. `numbers` are below `count`: there is
/// a table of that length.
pub fn number_rows(numbers: &[u32], count: usize) -> NumberedRows {
    const NONE: u32 = u32::MAX;
    let mut table = vec![NONE; count];
    let mut firsts = Vec::new();
    let mut row = 0;
    let ids = fours::map(numbers, |number| {
        let id = &mut table[number as usize];
        if *id == NONE {
            *id = open(&mut firsts, row);
        }
        row += 1;
        *id
    });
    NumberedRows { ids, firsts }
}

/// Apart from the loop, which is short without it.
#[cold]
#[inline(never)]
fn open(firsts: &mut Vec<u32>, row: u32) -> u32 {
    firsts.push(row);
    firsts.len() as u32 - 1
}
