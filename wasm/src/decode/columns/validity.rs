//! Which slots hold values.

use arrow_buffer::bit_chunk_iterator::UnalignedBitChunk;
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use parquet::errors::Result;

use super::hybrid::{Hybrid, Run};

pub struct Validity {
    bits: BooleanBufferBuilder,
    nulls: usize,
}

impl Validity {
    pub fn new(slots: usize) -> Self {
        Self { bits: BooleanBufferBuilder::new(slots), nulls: 0 }
    }

    /// The bits so far.
    pub fn bits(&self) -> &[u8] {
        self.bits.as_slice()
    }

    pub fn push_all(&mut self, count: usize, valid: bool) {
        self.bits.append_n(count, valid);
        self.nulls += if valid { 0 } else { count };
    }

    /// The `count` lowest bits.
    pub fn push_word(&mut self, word: u64, count: usize) {
        self.bits.append_word(word, count);
        self.nulls += count - word.count_ones() as usize;
    }

    /// So many levels of which 1 is a value. Answers how many values.
    pub fn push_levels(&mut self, levels: &mut Hybrid, count: usize) -> Result<usize> {
        let (mut left, before) = (count, self.nulls);
        while left > 0 {
            let run = levels.run()?;
            let taken = match run {
                Run::Same(level, of) => {
                    let taken = of.min(left);
                    self.push_all(taken, level == 1);
                    taken
                }
                Run::Packed { bit, left: of } => {
                    let taken = of.min(left);
                    let ones = UnalignedBitChunk::new(levels.bytes(), bit, taken).count_ones();
                    self.bits.append_packed_range(bit..bit + taken, levels.bytes());
                    self.nulls += taken - ones;
                    taken
                }
            };
            levels.pass(taken);
            left -= taken;
        }
        Ok(count - (self.nulls - before))
    }

    /// None: no slot is null.
    pub fn finish(self) -> Option<NullBuffer> {
        (self.nulls > 0).then(|| NullBuffer::new(self.bits.build()))
    }
}

/// Passes over so many levels. Answers how many of them are of values.
pub fn pass_levels(levels: &mut Hybrid, count: usize) -> Result<usize> {
    let (mut left, mut values) = (count, 0);
    while left > 0 {
        let (taken, of_values) = match levels.run()? {
            Run::Same(level, of) => (of.min(left), if level == 1 { of.min(left) } else { 0 }),
            Run::Packed { bit, left: of } => {
                let taken = of.min(left);
                (taken, UnalignedBitChunk::new(levels.bytes(), bit, taken).count_ones())
            }
        };
        levels.pass(taken);
        left -= taken;
        values += of_values;
    }
    Ok(values)
}

/// Moves the values at the front of `slots` to the slots whose bits, from `bit` on, are set. What a null slot holds does
/// not matter. `base`: one value stands before the first slot, which is what the slots before the first value get.
pub fn spread<T: Copy>(slots: &mut [T], base: bool, mut dense: usize, bits: &[u8], bit: usize) {
    let shift = usize::from(base);
    let mut at = slots.len() - shift;
    while at > dense {
        if (bit + at).is_multiple_of(8) && at >= 8 && dense >= 8 && bits[(bit + at) / 8 - 1] == 0xff {
            if let Some(eight) = slots[shift + dense - 8..].first_chunk::<8>().copied() {
                slots[shift + at - 8..shift + at].copy_from_slice(&eight);
            }
            at -= 8;
            dense -= 8;
            continue;
        }
        at -= 1;
        slots[shift + at] = slots[(shift + dense).saturating_sub(1)];
        let place = bit + at;
        dense -= usize::from(bits[place / 8] >> (place % 8) & 1);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn levels_become_bits_and_their_nulls_are_counted() {
        // Five valid, eight packed, three null.
        let mut levels = Hybrid::new(Bytes::from_static(&[10, 1, 3, 0b1010_0110, 6, 0]), 1, 1).unwrap();
        let mut validity = Validity::new(16);
        assert_eq!(validity.push_levels(&mut levels, 7).unwrap(), 6);
        assert_eq!(validity.push_levels(&mut levels, 9).unwrap(), 3);
        assert!(validity.push_levels(&mut levels, 1).is_err());
        let nulls = validity.finish().unwrap();
        assert_eq!(nulls.null_count(), 7);
        let mut passed = Hybrid::new(Bytes::from_static(&[10, 1, 3, 0b1010_0110, 6, 0]), 1, 1).unwrap();
        let counts: Vec<usize> = [7, 6, 3].iter().map(|count| pass_levels(&mut passed, *count).unwrap()).collect();
        assert_eq!(counts, [6, 3, 0]);
        assert!(pass_levels(&mut passed, 1).is_err());
        let expected = [1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0].map(|bit| bit == 1);
        assert!(nulls.iter().eq(expected));
    }

    #[test]
    fn values_are_spread_to_their_slots_from_any_bit_on() {
        for (seed, bit) in (0..64u64).flat_map(|seed| [(seed, 0), (seed, 3), (seed, 8)]) {
            let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let bits = (mixed | mixed << (seed % 40) | mixed >> (seed % 23)).to_le_bytes();
            let valid = |at: usize| bits[(bit + at) / 8] >> ((bit + at) % 8) & 1 == 1;
            let dense: Vec<usize> = (0..50).filter(|at| valid(*at)).collect();
            let mut slots = dense.clone();
            slots.resize(50, 999);
            spread(&mut slots, false, dense.len(), &bits, bit);
            assert!((0..50).all(|at| !valid(at) || slots[at] == at), "{seed} {bit}");
            let mut ends = vec![100];
            ends.extend(dense.iter().map(|at| at + 101));
            ends.resize(51, 999);
            spread(&mut ends, true, dense.len(), &bits, bit);
            let mut last = 100;
            for at in 0..50 {
                last = if valid(at) { at + 101 } else { last };
                assert_eq!(ends[at + 1], last, "{seed} {bit}");
            }
        }
    }
}
