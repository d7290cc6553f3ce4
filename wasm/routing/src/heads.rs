//! Where the next value of each group goes, while a column's values go to their groups.

/// Rows between two looks ahead: what is written of them stays in cache.
pub const BLOCK_ROWS: usize = 8_192;

const CACHE_LINE_BYTES: usize = 64;

pub struct Heads<T> {
    next: Vec<*mut T>,
    to_come: Vec<ToCome<T>>,
}

/// What is known of a group's values to come.
struct ToCome<T> {
    end: *mut T,
    /// What a block has of them, on average.
    block_bytes: usize,
}

impl<T> Heads<T> {
    /// Behind what `groups` have, which get `sizes` values more, of `rows` rows in all.
    pub fn new(groups: &mut [Vec<T>], sizes: &[usize], rows: usize) -> Self {
        let of_block =
            |values: usize| (values as u64 * size_of::<T>() as u64 * BLOCK_ROWS as u64 / rows.max(1) as u64) as usize;
        // SAFETY: it is in the vector's room, or behind that.
        let head = |group: &mut Vec<T>| unsafe { group.as_mut_ptr().add(group.len()) };
        let next: Vec<*mut T> = groups.iter_mut().map(head).collect();
        // Of many groups, each block has too little to look ahead for.
        let few = of_block(sizes.iter().sum()) > 2 * CACHE_LINE_BYTES * sizes.len();
        let group = |((group, head), size): ((&Vec<T>, &*mut T), &usize)| {
            assert!(group.capacity() - group.len() >= *size);
            // SAFETY: there is room for so many.
            ToCome { end: unsafe { head.add(*size) }, block_bytes: of_block(*size) }
        };
        let to_come = if few { groups.iter().zip(&next).zip(sizes).map(group).collect() } else { Vec::new() };
        Self { next, to_come }
    }

    /// The heads, for the values of one block: who writes one moves its head on. Memory that is about to be written is
    /// brought into cache first, in order: the processor fetches ahead of that, and waits for each line where values go
    /// here and there.
    pub fn ahead(&mut self) -> &mut [*mut T] {
        for (head, to_come) in self.next.iter().zip(&self.to_come) {
            let bytes = (to_come.end as usize - *head as usize).min(to_come.block_bytes);
            for at in (CACHE_LINE_BYTES..bytes).step_by(CACHE_LINE_BYTES) {
                // SAFETY: it is in the group's room, behind what is filled.
                unsafe { head.cast::<u8>().add(at).write_volatile(0) };
            }
        }
        &mut self.next
    }
}
