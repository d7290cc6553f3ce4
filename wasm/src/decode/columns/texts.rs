//! Values that have lengths: texts and bytes.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, StringArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;
use parquet::errors::Result;

use super::super::page_check::bad;
use super::spans::{STEP, Short, Spans, ends_behind};
use super::validity::spread;
use super::values::Values;

pub struct Texts {
    /// They must be UTF-8.
    text: bool,
    dictionary: Spans,
    /// There is memory for short values with room behind them.
    roomy: bool,
    shorts: Option<Vec<Short>>,
    slots: Spans,
    /// Bytes of the batch before.
    before: usize,
}

impl Texts {
    pub fn new(text: bool, roomy: bool) -> Self {
        Self { text, dictionary: Spans::new(), roomy, shorts: None, slots: Spans::new(), before: 0 }
    }
}

impl Values for Texts {
    fn set_dictionary(&mut self, bytes: &[u8], count: usize) -> Result<usize> {
        let mut dictionary = Spans::new();
        dictionary.plain(bytes, count)?;
        if self.text && !dictionary.are_texts(0) {
            return Err(bad("a text is not UTF-8".into()));
        }
        self.shorts = if self.roomy { dictionary.shorts() } else { None };
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
        let Spans { ends, mut bytes } = std::mem::replace(&mut self.slots, Spans::new());
        self.before = bytes.len();
        if bytes.capacity() > 2 * bytes.len() {
            bytes.shrink_to_fit();
        }
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

    use super::super::spans::SHORT;
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
        let mut texts = Texts::new(true, true);
        texts.set_dictionary(&bytes, 80).unwrap();
        texts.indexed(&[79, 0, 3, 16, 17]).unwrap();
        assert_eq!(texts.plain(&bytes, 80).unwrap(), bytes.len());
        let array = texts.finish(&DataType::Utf8, None).unwrap();
        let expected = [79, 0, 3, 16, 17].into_iter().chain(0..80).map(|at| long[at].as_slice());
        assert!(array.as_string::<i32>().iter().map(|text| text.unwrap().as_bytes()).eq(expected));
        assert!(texts.indexed(&[80]).is_err());
        let mut shorts = Texts::new(true, true);
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
            assert!(Texts::new(true, true).plain(&good[..cut], 3).is_err(), "{cut}");
            assert!(Texts::new(true, true).plain_bytes(&good[..cut], 3).is_err(), "{cut}");
        }
        assert_eq!(Texts::new(true, true).plain_bytes(&good, 2).unwrap(), 12);
        let apart = plain(&[&"ä".as_bytes()[..1], &"ä".as_bytes()[1..]]);
        assert!(Texts::new(true, true).plain(&apart, 2).is_err());
        assert!(Texts::new(true, true).set_dictionary(&apart, 2).is_err());
        assert!(Texts::new(false, true).plain(&apart, 2).is_ok());
        let mut wraps = good.clone();
        wraps[6..10].fill(0xff);
        assert!(Texts::new(false, true).plain(&wraps, 3).is_err());
    }
}
