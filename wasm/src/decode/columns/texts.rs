//! Values that have lengths: texts and bytes.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, StringArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;
use parquet::errors::{ParquetError, Result};

use super::super::page_check::bad;
use super::validity::spread;
use super::values::Values;
use crate::error::EngineError;

/// Short values are copied so many bytes at a time, which costs less than copying just their own.
const STEP: usize = 32;

/// Values one behind the other.
#[derive(Default)]
struct Spans {
    /// Where each value ends, behind a 0.
    ends: Vec<i32>,
    bytes: Vec<u8>,
}

impl Spans {
    fn new() -> Self {
        Self { ends: vec![0], bytes: Vec::new() }
    }

    fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// Makes room behind the values for so many bytes, and for what copying in steps writes behind them.
    fn grow(&mut self, by: usize) -> Result<()> {
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
    fn plain(&mut self, bytes: &[u8], count: usize) -> Result<usize> {
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

    fn indexed(&mut self, dictionary: &Spans, indices: &[u32]) -> Result<()> {
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
    fn span(&self, index: u32) -> Option<(usize, usize)> {
        let [start, end] = *self.ends.get(index as usize..)?.first_chunk::<2>()?;
        Some((start as usize, (end - start) as usize))
    }

    /// Whether each value from the `first` on is UTF-8.
    fn are_texts(&self, first: usize) -> bool {
        let ends = &self.ends[first..];
        let bytes = &self.bytes[ends[0] as usize..];
        bytes.is_ascii()
            || std::str::from_utf8(bytes)
                .is_ok_and(|text| ends.iter().all(|end| text.is_char_boundary((end - ends[0]) as usize)))
    }
}

/// Of small dictionaries of short values: each with room behind it, so that none is looked for.
const SHORT: usize = 16;
const MOST_SHORT: usize = 1024;

#[derive(Clone, Copy, Default)]
struct Short {
    bytes: [u8; SHORT],
    length: usize,
}

impl Spans {
    /// None where a value is too long, or there are many.
    fn shorts(&self) -> Option<Vec<Short>> {
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

    fn indexed_shorts(&mut self, shorts: &[Short], indices: &[u32]) -> Result<()> {
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

fn ends_behind(bytes: &[u8]) -> ParquetError {
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

pub struct Texts {
    /// They must be UTF-8.
    text: bool,
    dictionary: Spans,
    shorts: Option<Vec<Short>>,
    slots: Spans,
    /// Bytes of the batch before.
    before: usize,
}

impl Texts {
    pub fn new(text: bool) -> Self {
        Self { text, dictionary: Spans::new(), shorts: None, slots: Spans::new(), before: 0 }
    }
}

impl Values for Texts {
    fn set_dictionary(&mut self, bytes: &[u8], count: usize) -> Result<usize> {
        let mut dictionary = Spans::new();
        dictionary.plain(bytes, count)?;
        if self.text && !dictionary.are_texts(0) {
            return Err(bad("a text is not UTF-8".into()));
        }
        self.shorts = dictionary.shorts();
        self.dictionary = dictionary;
        Ok(self.dictionary.bytes.capacity() + 4 * self.dictionary.ends.capacity())
    }

    fn reserve(&mut self, slots: usize) {
        self.slots.ends.reserve(slots);
        // A little more than before, or the last values would move all of them.
        self.slots.bytes.reserve(self.before + self.before / 16 + STEP);
    }

    fn plain_bytes(&self, bytes: &[u8], count: usize) -> Result<usize> {
        let mut rest = bytes;
        for _ in 0..count {
            let after = rest
                .split_first_chunk::<4>()
                .and_then(|(length, after)| after.get(u32::from_le_bytes(*length) as usize..));
            rest = after.ok_or_else(|| ends_behind(bytes))?;
        }
        Ok(bytes.len() - rest.len())
    }

    fn plain(&mut self, bytes: &[u8], count: usize) -> Result<usize> {
        let first = self.slots.len();
        let taken = self.slots.plain(bytes, count)?;
        if self.text && !self.slots.are_texts(first) {
            return Err(bad("a text is not UTF-8".into()));
        }
        Ok(taken)
    }

    fn indexed(&mut self, indices: &[u32]) -> Result<()> {
        match &self.shorts {
            Some(shorts) => self.slots.indexed_shorts(shorts, indices),
            None => self.slots.indexed(&self.dictionary, indices),
        }
    }

    fn len(&self) -> usize {
        self.slots.len()
    }

    fn spread(&mut self, first: usize, count: usize, bits: &[u8], bit: usize) {
        let dense = self.len() - first;
        self.slots.ends.resize(first + count + 1, 0);
        spread(&mut self.slots.ends[first..], true, dense, bits, bit);
    }

    fn finish(&mut self, data_type: &DataType, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
        let Spans { ends, bytes } = std::mem::replace(&mut self.slots, Spans::new());
        self.before = bytes.len();
        // SAFETY: the ends rise from 0 to the bytes' length: each is the one before and a length, and nulls repeat one.
        let ends = unsafe { OffsetBuffer::new_unchecked(ScalarBuffer::from(ends)) };
        let bytes = Buffer::from_vec(bytes);
        Ok(match data_type {
            // SAFETY: as above; all that was appended was UTF-8, value by value.
            DataType::Utf8 if self.text => Arc::new(unsafe { StringArray::new_unchecked(ends, bytes, nulls) }),
            // SAFETY: as above.
            DataType::Binary => Arc::new(unsafe { BinaryArray::new_unchecked(ends, bytes, nulls) }),
            other => return Err(bad(format!("byte arrays are not read as {other}"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;

    use super::*;

    fn plain(values: &[&[u8]]) -> Vec<u8> {
        values.iter().flat_map(|value| [&(value.len() as u32).to_le_bytes()[..], value].concat()).collect()
    }

    #[test]
    fn values_of_all_lengths_are_copied_whole() {
        let long: Vec<Vec<u8>> =
            (0..80).map(|length| (0..length).map(|at| b'a' + (at + length) % 26).collect()).collect();
        let slices: Vec<&[u8]> = long.iter().map(Vec::as_slice).collect();
        let bytes = plain(&slices);
        let mut texts = Texts::new(true);
        texts.set_dictionary(&bytes, 80).unwrap();
        texts.indexed(&[79, 0, 3, 16, 17]).unwrap();
        assert_eq!(texts.plain(&bytes, 80).unwrap(), bytes.len());
        let array = texts.finish(&DataType::Utf8, None).unwrap();
        let expected = [79, 0, 3, 16, 17].into_iter().chain(0..80).map(|at| long[at].as_slice());
        assert!(array.as_string::<i32>().iter().map(|text| text.unwrap().as_bytes()).eq(expected));
        assert!(texts.indexed(&[80]).is_err());
        let mut shorts = Texts::new(true);
        shorts.set_dictionary(&bytes, SHORT + 1).unwrap();
        assert!(shorts.shorts.is_some() && texts.shorts.is_none());
        shorts.indexed(&[16, 0, 3, 16]).unwrap();
        let array = shorts.finish(&DataType::Utf8, None).unwrap();
        let expected = [16, 0, 3, 16].into_iter().map(|at: usize| long[at].as_slice());
        assert!(array.as_string::<i32>().iter().map(|text| text.unwrap().as_bytes()).eq(expected));
        assert!(shorts.indexed(&[17]).is_err());
    }

    #[test]
    fn what_is_cut_off_or_not_utf_8_is_refused() {
        let good = plain(&["ä".as_bytes(), b"bc", b""]);
        for cut in 0..good.len() {
            assert!(Texts::new(true).plain(&good[..cut], 3).is_err(), "{cut}");
            assert!(Texts::new(true).plain_bytes(&good[..cut], 3).is_err(), "{cut}");
        }
        assert_eq!(Texts::new(true).plain_bytes(&good, 2).unwrap(), 12);
        let apart = plain(&[&"ä".as_bytes()[..1], &"ä".as_bytes()[1..]]);
        assert!(Texts::new(true).plain(&apart, 2).is_err());
        assert!(Texts::new(true).set_dictionary(&apart, 2).is_err());
        assert!(Texts::new(false).plain(&apart, 2).is_ok());
        let mut wraps = good.clone();
        wraps[6..10].fill(0xff);
        assert!(Texts::new(false).plain(&wraps, 3).is_err());
    }
}
