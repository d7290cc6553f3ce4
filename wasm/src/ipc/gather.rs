//! The bytes of a message, which arrive in pieces of any size.

use arrow_buffer::{Buffer, MutableBuffer};

use crate::error::{EngineError, Result};

/// A piece of a stream has fewer, in most cases.
const FIRST_BYTES: usize = 512 << 10;
/// What is believed to be as long as it says, before any of it is there.
const BELIEVED_BYTES: usize = 16 << 20;

/// Gathers `need` bytes over pushes; a message that lies in one push is not copied.
#[derive(Default)]
pub struct Gather {
    partial: MutableBuffer,
}

impl Gather {
    /// What is there of the bytes that are gathered.
    pub fn len(&self) -> usize {
        self.partial.len()
    }

    pub fn is_empty(&self) -> bool {
        self.partial.is_empty()
    }

    /// The first bytes of what is gathered next, which were read ahead.
    pub fn begin(&mut self, bytes: &[u8]) {
        self.partial.extend_from_slice(bytes);
    }

    /// Takes from `input`; the bytes, when there are `need` of them.
    pub fn take(&mut self, input: &mut Buffer, need: usize) -> Result<Option<Buffer>> {
        if self.partial.is_empty() && input.len() >= need {
            let whole = input.slice_with_length(0, need);
            input.advance(need);
            return Ok(Some(whole));
        }
        let step = self.make_room(input.len(), need)?;
        self.partial.extend_from_slice(&input[..step]);
        input.advance(step);
        Ok((self.partial.len() == need).then(|| std::mem::take(&mut self.partial).into()))
    }

    /// Where the next of so many bytes belong, and how many of them are still needed.
    pub fn room(&mut self, bytes: usize, need: usize) -> Result<(*mut u8, usize)> {
        let step = self.make_room(bytes, need)?;
        let held = self.partial.len();
        Ok((self.partial.as_mut_ptr().wrapping_add(held), step))
    }

    /// # Safety
    /// Since `room`, the last call, so many bytes were written where it said: no more than it said.
    pub unsafe fn filled(&mut self, bytes: usize) {
        let held = self.partial.len();
        // SAFETY: as demanded above, they are within the capacity and initialised.
        unsafe { self.partial.set_len(held + bytes) };
    }

    /// For the next of so many bytes; answers how many of them are still needed.
    fn make_room(&mut self, bytes: usize, need: usize) -> Result<usize> {
        let missing = need - self.partial.len();
        let step = missing.min(bytes);
        let room = self.partial.capacity() - self.partial.len();
        if room < step {
            // A length may lie: room for all of it at once only when that is little, or when an eighth has arrived
            // (from there on, doubling would hold a large message twice).
            // Its first bytes come with the end of the message before, which is to be used first.
            let begins = self.partial.len() + step < (need / 4).min(FIRST_BYTES);
            let believed = !begins && (need <= BELIEVED_BYTES || self.partial.len() >= need / 8);
            let ahead = if believed { missing } else { step.max(self.partial.len()).min(missing) };
            let even = if believed { even(need) - need } else { 0 };
            let reserved = self.partial.try_reserve(ahead + even).or_else(|_| self.partial.try_reserve(ahead));
            reserved.map_err(|_| too_large(need as u64))?;
        }
        Ok(step)
    }
}

/// A few bytes more, where they are many: messages of a stream differ by little, and a hole that one has left has to do
/// for the next.
fn even(bytes: usize) -> usize {
    const LARGE: usize = 256 << 10;
    if bytes < LARGE { bytes } else { bytes.next_multiple_of(1 << (bytes.ilog2() - 4)) }
}

pub fn too_large(bytes: u64) -> EngineError {
    let text = format!(
        "an Arrow message of {bytes} bytes does not fit in memory; raise memoryLimitBytes or write smaller batches"
    );
    EngineError::new("MEMORY_LIMIT_TOO_SMALL", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_that_differ_by_little_take_the_same_room() {
        let room = |need: usize| {
            let mut gather = Gather::default();
            let first = gather.make_room(1000, need).unwrap();
            assert!(gather.partial.capacity() <= (4 * first).max(need.min(4096)).next_multiple_of(64), "{need}");
            gather.partial.resize(first, 0);
            gather.make_room(1 << 20, need).unwrap();
            gather.partial.capacity()
        };
        assert_eq!(room(4_272_864), room(4_273_400));
        assert_eq!(room(300), 320);
        for need in [100_000, 300_000, 1 << 20, 9_999_999] {
            assert!((need..=need + need / 16 + 64).contains(&room(need)), "{need}: {}", room(need));
        }
    }
}
