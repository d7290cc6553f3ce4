//! Groups of rows by small numbers.

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
    let id = |(row, number): (usize, &u32)| {
        let id = &mut table[*number as usize];
        if *id == NONE {
            *id = firsts.len() as u32;
            firsts.push(row as u32);
        }
        *id
    };
    let ids = numbers.iter().enumerate().map(id).collect();
    NumberedRows { ids, firsts }
}
