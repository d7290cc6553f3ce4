//! Where each row goes: its group, and its place among the group's rows.

use super::fours;
use super::heads::heads;
use super::wide::Wide;

pub struct RowGroups<'a> {
    /// The group of each row; below `sizes.len()`.
    ids: &'a [u32],
    /// The place of each row in its group; below the group's size, and no two rows have the same.
    places: Vec<u32>,
    /// Rows of each group. What is unsafe here counts on these three to fit each other.
    sizes: Vec<usize>,
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
        let places = fours::map(ids, |id| {
            let size = &mut sizes[id as usize];
            *size += 1;
            *size as u32 - 1
        });
        Self { ids, places, sizes }
    }

    pub fn rows(&self) -> usize {
        self.ids.len()
    }

    /// Rows of each group.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
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
    pub fn scatter32(&self, pieces: &[&[i32]]) -> Vec<Vec<i32>> {
        self.scatter(pieces, scatter32)
    }

    pub fn scatter64(&self, pieces: &[&[i64]]) -> Vec<Vec<i64>> {
        self.scatter(pieces, scatter64)
    }

    pub fn scatter128(&self, pieces: &[&[i128]]) -> Vec<Vec<i128>> {
        self.scatter(pieces, scatter128)
    }

    /// `copy`: one of those below.
    fn scatter<T: Copy + Default>(&self, pieces: &[&[T]], copy: unsafe fn(&[T], &[u32], &mut [*mut T])) -> Vec<Vec<T>> {
        let mut all: Vec<Vec<T>> = self.sizes.iter().map(|rows| vec![T::default(); *rows]).collect();
        let mut heads = heads(&mut all, 0);
        for (values, rows) in pieces.iter().zip(self.cut(pieces.iter().map(|p| p.len()))) {
            // SAFETY: ids are those of groups, and each has room for its rows.
            unsafe { copy(values, rows.ids, &mut heads) };
        }
        all
    }
}

/// # Safety
/// There is a head for each id, with room for the values that have it.
unsafe fn scatter32(values: &[i32], ids: &[u32], heads: &mut [*mut i32]) {
    // SAFETY: the caller's promise.
    unsafe { scatter_as::<i32, i32>(values, ids, heads) }
}

/// # Safety
/// As above.
unsafe fn scatter64(values: &[i64], ids: &[u32], heads: &mut [*mut i64]) {
    // SAFETY: the caller's promise.
    unsafe { scatter_as::<i64, i64>(values, ids, heads) }
}

/// # Safety
/// As above.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
unsafe fn scatter128(values: &[i128], ids: &[u32], heads: &mut [*mut i128]) {
    // SAFETY: the caller's promise.
    unsafe { scatter_as::<i128, Wide>(values, ids, heads) }
}

/// Values are copied as what is as large.
///
/// # Safety
/// As above.
#[inline(always)]
unsafe fn scatter_as<T: Copy, As>(values: &[T], ids: &[u32], heads: &mut [*mut T]) {
    const { assert!(size_of::<T>() == size_of::<As>()) };
    fours::for_pairs::<4, _, _>(values, ids, |value, id| {
        // SAFETY: the caller's promise; what is written is as large as a value.
        unsafe {
            let head = heads.get_unchecked_mut(id as usize);
            let to = *head;
            *head = to.add(1);
            to.cast::<As>().write_unaligned(std::ptr::from_ref(&value).cast::<As>().read_unaligned());
        }
    });
}
