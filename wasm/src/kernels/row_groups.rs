//! Where each row goes: its group, and its place among the group's rows.

use super::heads::{BLOCK_ROWS, Heads};

pub struct RowGroups<'a> {
    /// The group of each row; below `sizes.len()`.
    ids: &'a [u32],
    /// The place of each row in its group; below the group's size, and no two rows have the same.
    places: Vec<u32>,
    /// Rows of each group.
    pub sizes: Vec<usize>,
}

/// Some of the rows, one after the other.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    pub ids: &'a [u32],
    pub places: &'a [u32],
}

impl<'a> RowGroups<'a> {
    /// Rows of `count` groups, each in the order they have.
    pub fn new(ids: &'a [u32], count: usize) -> Self {
        let mut sizes = vec![0; count];
        let place = |id: &u32| {
            let size = &mut sizes[*id as usize];
            *size += 1;
            *size as u32 - 1
        };
        let places = ids.iter().map(place).collect();
        Self { ids, places, sizes }
    }

    pub fn rows(&self) -> usize {
        self.ids.len()
    }

    /// All rows, in pieces of these lengths.
    pub fn cut(&self, lengths: impl Iterator<Item = usize> + Clone) -> impl Iterator<Item = Rows<'_>> {
        // Unsafe code counts on each row being written.
        assert_eq!(lengths.clone().sum::<usize>(), self.ids.len());
        let mut rest = Rows { ids: self.ids, places: &self.places };
        lengths.map(move |rows| {
            let (ids, later_ids) = rest.ids.split_at(rows);
            let (places, later_places) = rest.places.split_at(rows);
            rest = Rows { ids: later_ids, places: later_places };
            Rows { ids, places }
        })
    }

    /// The values of each group's rows. `pieces`: those of all rows.
    pub fn scatter<T: Copy>(&self, pieces: &[&[T]]) -> Vec<Vec<T>> {
        let mut all: Vec<Vec<T>> = self.sizes.iter().map(|rows| Vec::with_capacity(*rows)).collect();
        let mut heads = Heads::new(&mut all, &self.sizes, self.ids.len());
        for (values, rows) in pieces.iter().zip(self.cut(pieces.iter().map(|p| p.len()))) {
            for (values, ids) in values.chunks(BLOCK_ROWS).zip(rows.ids.chunks(BLOCK_ROWS)) {
                heads.look_ahead();
                for (value, id) in values.iter().zip(ids) {
                    // SAFETY: ids are those of groups, and each has room for its rows.
                    unsafe {
                        let head = heads.of(*id);
                        head.write(*value);
                        *head = head.add(1);
                    }
                }
            }
        }
        for (group, rows) in all.iter_mut().zip(&self.sizes) {
            // SAFETY: the values of all rows were written.
            unsafe { group.set_len(*rows) };
        }
        all
    }
}
