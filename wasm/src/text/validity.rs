//! Which values of a column are there. Costs nothing until the first null.

use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};

#[derive(Default)]
pub struct Validity {
    len: usize,
    /// A bit a value up to the last null: those above, and those that were not pushed yet, are set.
    words: Vec<u64>,
}

impl Validity {
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub fn push_valid(&mut self) {
        self.len += 1;
    }

    pub fn push_null(&mut self) {
        let (word, bit) = (self.len / 64, self.len % 64);
        if word >= self.words.len() {
            self.words.resize(word + 1, !0);
        }
        self.words[word] &= !(1 << bit);
        self.len += 1;
    }

    pub fn truncate(&mut self, length: usize) {
        if length >= self.len {
            return;
        }
        self.len = length;
        self.words.truncate(length.div_ceil(64));
        if let (Some(last), true) = (self.words.get_mut(length / 64), !length.is_multiple_of(64)) {
            *last |= !0 << (length % 64);
        }
    }

    /// None: all are there. The next column starts anew.
    pub fn finish(&mut self) -> Option<NullBuffer> {
        let Self { len, mut words } = std::mem::take(self);
        if words.is_empty() {
            return None;
        }
        words.resize(len.div_ceil(64), !0);
        Some(NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(words), 0, len))).filter(|n| n.null_count() > 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_was_pushed_and_not_taken_back(steps in vec((0usize..4, 0usize..200), 0..300)) {
            let (mut validity, mut plain) = (Validity::default(), Vec::new());
            for (step, length) in steps {
                match step {
                    0 => {
                        validity.truncate(length);
                        plain.truncate(length);
                    }
                    1 => {
                        validity.push_null();
                        plain.push(false);
                    }
                    _ => {
                        validity.push_valid();
                        plain.push(true);
                    }
                }
            }
            prop_assert_eq!(validity.len(), plain.len());
            match validity.finish() {
                None => prop_assert!(plain.iter().all(|valid| *valid)),
                Some(nulls) => prop_assert_eq!(nulls.iter().collect::<Vec<_>>(), plain),
            }
            prop_assert_eq!(validity.len(), 0);
        }
    }
}
