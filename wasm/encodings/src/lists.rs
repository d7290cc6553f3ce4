//! The levels of entries that become the elements of their lists.

use std::ops::Range;

/// Levels of entries before and after; those of `level` go on, the others have ended.
pub struct Entries {
    pub repetition: Vec<u8>,
    pub definition: Vec<u8>,
}

impl Entries {
    /// Each entry of definition level `level` becomes one of the next level for each element of its list, or ends where
    /// that is empty. `slots`: where the ends of their lists are in `offsets`, in order. Elements behind a list's first
    /// repeat at level `lists`. Answers how many lists are empty.
    #[inline(never)]
    pub fn into_lists(&mut self, slots: &[Range<usize>], offsets: &[i32], level: u8, lists: u8) -> usize {
        let run = |range: &Range<usize>| if range.is_empty() { &[][..] } else { &offsets[range.start..=range.end] };
        let elements = |run: &[i32]| match (run.first(), run.last()) {
            (Some(first), Some(last)) => (last - first) as usize,
            _ => 0,
        };
        // One place more for each entry that ends, at most.
        let most = slots.iter().map(|range| elements(run(range))).sum::<usize>() + self.definition.len();
        let mut repetition = vec![lists; most];
        let mut definition = vec![level + 1; most];
        let (mut at, mut empty) = (0, 0);
        let mut lengths = slots.iter().flat_map(|range| run(range).windows(2).map(|pair| (pair[1] - pair[0]) as usize));
        for (held_repetition, held) in self.repetition.iter().zip(&self.definition) {
            repetition[at] = *held_repetition;
            if *held != level {
                definition[at] = *held;
                at += 1;
                continue;
            }
            let length = lengths.next().unwrap_or_default();
            if length == 0 {
                definition[at] = level;
                empty += 1;
            }
            at += length.max(1);
        }
        repetition.truncate(at);
        definition.truncate(at);
        *self = Self { repetition, definition };
        empty
    }
}
