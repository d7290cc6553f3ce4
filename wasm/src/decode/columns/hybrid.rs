//! The format's hybrid of runs, taken a part at a time: levels and dictionary indices.

use bytes::Bytes;
use parquet::errors::Result;

use super::super::page_check::bad;
use super::super::runs::varint;
use super::unpack::{Lane, unpack};

/// What is left of the run that is read.
#[derive(Clone, Copy)]
pub enum Run {
    /// One value, so many times.
    Same(u32, usize),
    /// So many packed values, from a bit on.
    Packed { bit: usize, left: usize },
}

pub struct Hybrid {
    bytes: Bytes,
    at: usize,
    width: usize,
    highest: u32,
    run: Run,
}

impl Hybrid {
    /// Values of `width` bits of which none may be above `highest`; of packed ones the caller looks itself.
    pub fn new(bytes: Bytes, width: usize, highest: u32) -> Result<Self> {
        if width > 32 {
            return Err(bad(format!("packed values of {width} bits")));
        }
        Ok(Self { bytes, at: 0, width, highest, run: Run::Same(0, 0) })
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The run that the next value is of; its packed values are there with all their bits.
    pub fn run(&mut self) -> Result<Run> {
        loop {
            match self.run {
                Run::Same(_, left) | Run::Packed { left, .. } if left > 0 => return Ok(self.run),
                _ => self.next_run()?,
            }
        }
    }

    fn next_run(&mut self) -> Result<()> {
        let rest = &self.bytes[self.at..];
        let (head, body) =
            short_varint(rest).ok_or_else(|| bad("packed values end before the page's values".into()))?;
        let length = head >> 1;
        if length > u64::from(u32::MAX / 8) {
            return Err(bad(format!("a run of {length} packed values")));
        }
        let (length, from) = (length as usize, self.bytes.len() - body.len());
        if head & 1 == 0 {
            let Some((value, after)) = body.split_at_checked(self.width.div_ceil(8)) else {
                return Err(bad("a run of packed values is cut off".into()));
            };
            let value = value.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
            if value > self.highest && length > 0 {
                return Err(bad(format!("a packed value of {value} where {} is the highest", self.highest)));
            }
            self.run = Run::Same(value, length);
            self.at = self.bytes.len() - after.len();
            return Ok(());
        }
        // The last run may end with the last value that counts.
        let held = (length as u64 * self.width as u64).min(body.len() as u64) as usize;
        let there = (held * 8).checked_div(self.width).unwrap_or(usize::MAX);
        let left = there.min(length * 8);
        if left == 0 && length > 0 {
            return Err(bad("a run of packed values is cut off".into()));
        }
        self.run = Run::Packed { bit: from * 8, left };
        self.at = from + held;
        Ok(())
    }

    /// Passes over so many values of the run; at most as many as it has.
    pub fn pass(&mut self, count: usize) {
        match &mut self.run {
            Run::Same(_, left) => *left -= count,
            Run::Packed { bit, left } => {
                *bit += count * self.width;
                *left -= count;
            }
        }
    }
}

/// Heads of runs have one byte mostly.
#[inline]
fn short_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    match bytes.split_first() {
        Some((byte, rest)) if *byte < 0x80 => Some((u64::from(*byte), rest)),
        _ => varint(bytes),
    }
}

/// Values that are looked at together.
pub const AT_ONCE: usize = 1024;

/// The values one by one, some of them at a time.
pub struct Unpacked<T> {
    hybrid: Hybrid,
    held: Box<[T]>,
    from: usize,
    to: usize,
}

impl<T: Lane> Unpacked<T> {
    /// `at_once`: how many are unpacked together, 8 or more.
    pub fn new(hybrid: Hybrid, at_once: usize) -> Self {
        Self { hybrid, held: vec![T::default(); at_once].into(), from: 0, to: 0 }
    }

    /// The next values, at most `most`; none only when none are asked for.
    pub fn next(&mut self, most: usize) -> Result<&[T]> {
        if self.from == self.to && most > 0 {
            self.fill()?;
        }
        Ok(&self.held[self.from..self.to.min(self.from + most)])
    }

    /// Passes over values that `next` gave.
    pub fn pass(&mut self, count: usize) {
        self.from += count;
    }

    /// Passes over values that `next` did not give.
    pub fn skip(&mut self, mut count: usize) -> Result<()> {
        loop {
            let held = count.min(self.to - self.from);
            self.from += held;
            count -= held;
            if count == 0 {
                return Ok(());
            }
            // Of packed values whole groups, as what is taken begins with a byte.
            let passed = match self.hybrid.run()? {
                Run::Same(_, left) => left.min(count),
                Run::Packed { left, .. } if left <= count => left,
                Run::Packed { .. } => count & !7,
            };
            self.hybrid.pass(passed);
            count -= passed;
            if passed == 0 {
                self.fill()?;
            }
        }
    }

    /// Takes runs as long as there is room for a group of 8 values: many runs are short.
    fn fill(&mut self) -> Result<()> {
        (self.from, self.to) = (0, 0);
        while self.to + 8 <= self.held.len() {
            let run = match self.hybrid.run() {
                Ok(run) => run,
                // What follows the values that are here may not be wanted.
                Err(_) if self.to > 0 => break,
                Err(e) => return Err(e),
            };
            let room = &mut self.held[self.to..];
            let count = match run {
                Run::Same(value, left) => {
                    let count = left.min(room.len());
                    room[..count].fill(T::of(u64::from(value)));
                    count
                }
                Run::Packed { bit, left } => {
                    // A run begins with a byte, and what is taken of it are whole groups, but for its end.
                    let count = left.min(room.len() & !7);
                    unpack(&self.hybrid.bytes[bit / 8..], self.hybrid.width, &mut room[..count]);
                    count
                }
            };
            self.hybrid.pass(count);
            self.to += count;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &'static [u8], width: usize, highest: u32, count: usize) -> Result<Vec<u32>> {
        let mut unpacked = Unpacked::<u32>::new(Hybrid::new(Bytes::from_static(bytes), width, highest)?, 8);
        let mut values = Vec::new();
        while values.len() < count {
            let next = unpacked.next((count - values.len()).min(3))?.to_vec();
            unpacked.pass(next.len());
            values.extend(next);
        }
        Ok(values)
    }

    #[test]
    fn runs_of_both_kinds_are_taken_in_any_portions() {
        // Two bits: a run of five 2s, none of anything, then eight packed values.
        let bytes = &[10, 2, 0, 1, 1, 3, 0b1110_0100, 0b1110_0100];
        assert_eq!(all(bytes, 2, 3, 13).unwrap(), [2, 2, 2, 2, 2, 0, 1, 2, 3, 0, 1, 2, 3]);
        assert!(all(bytes, 2, 3, 14).is_err());
        assert!(all(bytes, 2, 1, 1).is_err());
        assert!(all(bytes, 33, 1, 0).is_err());
        assert_eq!(all(&[8], 0, 0, 4).unwrap(), [0; 4]);
    }

    #[test]
    fn any_number_of_values_is_passed_over() {
        // Two bits: five 2s, sixteen packed values, three 1s.
        let bytes = &[10, 2, 5, 0b1110_0100, 0b1110_0100, 0b0001_1011, 0b0001_1011, 6, 1];
        let expected = all(bytes, 2, 3, 24).unwrap();
        for (first, second) in (0..24).flat_map(|first| (0..24 - first).map(move |second| (first, second))) {
            let mut unpacked = Unpacked::<u32>::new(Hybrid::new(Bytes::from_static(bytes), 2, 3).unwrap(), AT_ONCE);
            let mut at = 0;
            for skipped in [first, second] {
                unpacked.skip(skipped).unwrap();
                at += skipped;
                let next = unpacked.next(1).unwrap_or_default().to_vec();
                assert_eq!(next, expected[at..(at + 1).min(24)], "{first} {second}");
                unpacked.pass(next.len());
                at += next.len();
            }
            assert!(unpacked.skip(25 - at.min(24)).is_err());
        }
    }

    #[test]
    fn a_last_run_may_end_with_its_last_value() {
        let bytes = &[5, 0b1110_0100];
        assert_eq!(all(bytes, 2, 3, 4).unwrap(), [0, 1, 2, 3]);
        assert!(all(bytes, 2, 3, 5).is_err());
        assert!(all(&[5], 2, 3, 1).is_err());
        assert!(all(&[10], 2, 3, 1).is_err());
        assert!(all(&[0xff; 11], 2, 3, 1).is_err());
    }
}
