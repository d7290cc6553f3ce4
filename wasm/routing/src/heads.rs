//! Where the next value of each group goes, while a column's values go to their groups.
//!
//! The groups are filled with zeros before, not left as the allocator gives them: filled in one go, memory comes into
//! cache without being read, where values that go here and there would wait for each line of it.

/// Behind the first `filled` of each group.
pub fn heads<T>(groups: &mut [Vec<T>], filled: usize) -> Vec<*mut T> {
    let head = |group: &mut Vec<T>| {
        assert!(filled <= group.len());
        // SAFETY: it is in the group, or at its end.
        unsafe { group.as_mut_ptr().add(filled) }
    };
    groups.iter_mut().map(head).collect()
}
