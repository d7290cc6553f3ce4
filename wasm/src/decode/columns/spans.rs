//! Values of any length, one behind the other.

use parquet::errors::{ParquetError, Result};

use super::super::page_check::bad;
use crate::error::EngineError;

/// Short values are copied so many bytes at a time, which costs less than copying just their own.
pub const STEP: usize = 32;

/// Values one behind the other.
pub struct Spans {
    /// Where each value ends, behind a 0.
    pub ends: Vec<i32>,
    pub bytes: Vec<u8>,
}

impl Spans {
    pub fn new() -> Self {
        Self { ends: vec![0], bytes: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// Makes room behind the values for so many bytes, and for what copying in steps writes behind them.
    pub fn grow(&mut self, by: usize) -> Result<()> {
        let whole = self.bytes.len().saturating_add(by).saturating_add(STEP);
        if whole > i32::MAX as usize {
            return Err(bad(format!("{whole} bytes of texts in one batch, which takes 2^31")));
        }
        if self.bytes.try_reserve(by + STEP).is_err() {
            let text = format!("{by} bytes of texts do not fit into the engine's memory");
            return Err(ParquetError::External(Box::new(EngineError::too_small(2 * whole as u64, text))));
        }
        self.bytes.resize(whole, 0);
        Ok(())
    }

    /// Appends values that have their lengths before them. Answers how many bytes they take.
    pub fn plain(&mut self, bytes: &[u8], count: usize) -> Result<usize> {
        if count > bytes.len() / 4 {
            return Err(bad(format!("{} bytes are left for {count} values", bytes.len())));
        }
        let (first, base) = (self.ends.len(), self.bytes.len());
        self.ends.resize(first + count, 0);
        let (mut rest, mut end) = (bytes, base as u64);
        for slot in &mut self.ends[first..] {
            let after = rest.split_first_chunk::<4>().and_then(|(length, after)| {
                let length = u32::from_le_bytes(*length);
                end += u64::from(length);
                after.get(length as usize..)
            });
            let Some(after) = after else {
                return Err(ends_behind(bytes));
            };
            *slot = end as i32;
            rest = after;
        }
        self.grow((end - base as u64) as usize)?;
        let mut from = 4;
        let mut to = base;
        for end in &self.ends[first..] {
            let length = *end as usize - to;
            copy(bytes, from, &mut self.bytes, to, length);
            from += length + 4;
            to = *end as usize;
        }
        self.bytes.truncate(end as usize);
        Ok(bytes.len() - rest.len())
    }

    pub fn indexed(&mut self, dictionary: &Spans, indices: &[u32]) -> Result<()> {
        let base = self.bytes.len();
        let (mut end, mut wrong) = (base as u64, None);
        self.ends.extend(indices.iter().map(|index| {
            match dictionary.span(*index) {
                Some((_, length)) => end += length as u64,
                None => wrong = Some(*index),
            }
            end as i32
        }));
        if let Some(index) = wrong {
            return Err(no_such(index, dictionary.len()));
        }
        self.grow((end - base as u64) as usize)?;
        let mut to = base;
        for index in indices {
            let (from, length) = dictionary.span(*index).unwrap_or_default();
            copy(&dictionary.bytes, from, &mut self.bytes, to, length);
            to += length;
        }
        self.bytes.truncate(end as usize);
        Ok(())
    }

    /// Where a value begins, and its length.
    #[inline]
    pub fn span(&self, index: u32) -> Option<(usize, usize)> {
        let [start, end] = *self.ends.get(index as usize..)?.first_chunk::<2>()?;
        Some((start as usize, (end - start) as usize))
    }

    /// Whether each value from the `first` on is UTF-8.
    pub fn are_texts(&self, first: usize) -> bool {
        let ends = &self.ends[first..];
        let bytes = &self.bytes[ends[0] as usize..];
        bytes.is_ascii()
            || std::str::from_utf8(bytes)
                .is_ok_and(|text| ends.iter().all(|end| text.is_char_boundary((end - ends[0]) as usize)))
    }
}

/// Of small dictionaries of short values: each with room behind it, so that none is looked for.
pub const SHORT: usize = 16;
const MOST_SHORT: usize = 1024;
/// What those of one column take at most.
pub const SHORTS_BYTES: u64 = (MOST_SHORT * size_of::<Short>()) as u64;

#[derive(Clone, Copy, Default)]
pub struct Short {
    bytes: [u8; SHORT],
    length: usize,
}

impl Spans {
    /// None where a value is too long, or there are many.
    pub fn shorts(&self) -> Option<Vec<Short>> {
        if self.len() > MOST_SHORT {
            return None;
        }
        let short = |index: usize| {
            let (start, length) = self.span(index as u32)?;
            let mut bytes = [0; SHORT];
            bytes.get_mut(..length)?.copy_from_slice(&self.bytes[start..start + length]);
            Some(Short { bytes, length })
        };
        (0..self.len()).map(short).collect()
    }

    pub fn indexed_shorts(&mut self, shorts: &[Short], indices: &[u32]) -> Result<()> {
        let (mut to, mut wrong) = (self.bytes.len(), None);
        self.grow(SHORT * indices.len())?;
        let bytes = &mut self.bytes[..];
        self.ends.extend(indices.iter().map(|index| {
            let value = shorts.get(*index as usize).copied().unwrap_or_else(|| {
                wrong = Some(*index);
                Short::default()
            });
            if let Some(room) = bytes.get_mut(to..).and_then(|rest| rest.first_chunk_mut::<SHORT>()) {
                *room = value.bytes;
            }
            to += value.length;
            to as i32
        }));
        self.bytes.truncate(to);
        match wrong {
            Some(index) => Err(no_such(index, shorts.len())),
            None => Ok(()),
        }
    }
}

pub fn ends_behind(bytes: &[u8]) -> ParquetError {
    bad(format!("a value ends behind the {} bytes of its page", bytes.len()))
}

fn no_such(index: u32, values: usize) -> ParquetError {
    bad(format!("index {index} in a dictionary of {values} values"))
}

/// `to` has `STEP` bytes behind the value.
#[inline]
fn copy(from: &[u8], at: usize, to: &mut [u8], place: usize, length: usize) {
    let done = length <= STEP / 2 && step::<{ STEP / 2 }>(from, at, to, place)
        || length <= STEP && step::<STEP>(from, at, to, place);
    if !done {
        to[place..place + length].copy_from_slice(&from[at..at + length]);
    }
}

#[inline]
fn step<const N: usize>(from: &[u8], at: usize, to: &mut [u8], place: usize) -> bool {
    let from = from.get(at..).and_then(|rest| rest.first_chunk::<N>());
    let to = to.get_mut(place..).and_then(|rest| rest.first_chunk_mut::<N>());
    let (Some(from), Some(to)) = (from, to) else { return false };
    *to = *from;
    true
}
