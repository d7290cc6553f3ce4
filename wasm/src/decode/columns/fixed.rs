//! Values that all have one width.

use arrow_array::{ArrayRef, make_array};
use arrow_buffer::{ArrowNativeType, MutableBuffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::DataType;
use parquet::errors::Result;

use super::super::page_check::bad;
use super::validity::spread;
use super::values::Values;

/// How a value stands in a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Layout {
    /// As in memory.
    Same,
    /// A signed integer of fewer bytes than in memory, the lowest byte first.
    Little(usize),
    /// A signed integer of as many bytes or fewer, the highest first.
    Big(usize),
}

/// What a value is in memory.
pub trait Word: ArrowNativeType {
    fn of(value: i128) -> Self;
}

impl Word for i32 {
    fn of(value: i128) -> Self {
        value as i32
    }
}

impl Word for i64 {
    fn of(value: i128) -> Self {
        value as i64
    }
}

impl Word for i128 {
    fn of(value: i128) -> Self {
        value
    }
}

pub struct Fixed<T> {
    layout: Layout,
    dictionary: MutableBuffer,
    slots: MutableBuffer,
    word: std::marker::PhantomData<T>,
}

impl<T: Word> Fixed<T> {
    pub fn new(layout: Layout) -> Self {
        Self { layout, dictionary: MutableBuffer::new(0), slots: MutableBuffer::new(0), word: std::marker::PhantomData }
    }

    fn width(&self) -> usize {
        match self.layout {
            Layout::Same => size_of::<T>(),
            Layout::Little(width) | Layout::Big(width) => width,
        }
    }

    /// Appends as many values as `bytes` are.
    fn append(&self, bytes: &[u8], out: &mut MutableBuffer) {
        if self.layout == Layout::Same {
            out.extend_from_slice(bytes);
            return;
        }
        let width = self.width();
        let first = out.len() / size_of::<T>();
        out.extend_zeros(bytes.len() / width * size_of::<T>());
        let out = &mut out.typed_data_mut::<T>()[first..];
        match self.layout {
            Layout::Big(..=8) => big(bytes, width, out),
            Layout::Big(_) => {
                for (slot, value) in out.iter_mut().zip(bytes.chunks_exact(width)) {
                    let filled = if value[0] & 0x80 == 0 { 0 } else { -1i128 };
                    *slot = T::of(value.iter().fold(filled, |number, byte| number << 8 | i128::from(*byte)));
                }
            }
            _ => {
                for (slot, value) in out.iter_mut().zip(bytes.chunks_exact(width)) {
                    let mut word = [0; 8];
                    word[..width].copy_from_slice(value);
                    *slot = T::of(i128::from(i64::from_le_bytes(word) << (64 - 8 * width) >> (64 - 8 * width)));
                }
            }
        }
    }
}

/// Of 8 bytes at most.
fn big<T: Word>(bytes: &[u8], width: usize, out: &mut [T]) {
    let unused = 64 - 8 * width;
    let mut rest = bytes;
    for slot in out {
        let word = match rest.first_chunk::<8>() {
            Some(whole) => u64::from_be_bytes(*whole),
            None => rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)) << (64 - 8 * rest.len()),
        };
        *slot = T::of(i128::from(word as i64 >> unused));
        rest = rest.get(width..).unwrap_or_default();
    }
}

impl<T: Word> Values for Fixed<T> {
    fn set_dictionary(&mut self, bytes: &[u8], count: usize) -> Result<usize> {
        let Some(bytes) = bytes.get(..count.saturating_mul(self.width())) else {
            return Err(bad(format!("a dictionary of {count} values has {} bytes", bytes.len())));
        };
        let mut dictionary = MutableBuffer::new(count * size_of::<T>());
        self.append(bytes, &mut dictionary);
        self.dictionary = dictionary;
        Ok(self.dictionary.len())
    }

    fn reserve(&mut self, slots: usize) {
        self.slots.reserve(slots * size_of::<T>());
    }

    fn plain_bytes(&self, bytes: &[u8], count: usize) -> Result<usize> {
        let taken = count.saturating_mul(self.width());
        if taken > bytes.len() {
            return Err(bad(format!("{} bytes are left for {count} values", bytes.len())));
        }
        Ok(taken)
    }

    fn plain(&mut self, bytes: &[u8], count: usize) -> Result<usize> {
        let bytes = &bytes[..self.plain_bytes(bytes, count)?];
        let mut slots = std::mem::take(&mut self.slots);
        self.append(bytes, &mut slots);
        self.slots = slots;
        Ok(bytes.len())
    }

    fn indexed(&mut self, indices: &[u32]) -> Result<()> {
        let dictionary = self.dictionary.typed_data::<T>();
        let (first, mut wrong) = (self.len(), None);
        self.slots.extend_zeros(indices.len() * size_of::<T>());
        let slots = &mut self.slots.typed_data_mut::<T>()[first..];
        for (slot, index) in slots.iter_mut().zip(indices) {
            match dictionary.get(*index as usize) {
                Some(value) => *slot = *value,
                None => wrong = Some(*index),
            }
        }
        match wrong {
            Some(index) => Err(bad(format!("index {index} in a dictionary of {} values", dictionary.len()))),
            None => Ok(()),
        }
    }

    fn len(&self) -> usize {
        self.slots.len() / size_of::<T>()
    }

    fn spread(&mut self, first: usize, count: usize, bits: &[u8], bit: usize) {
        let dense = self.len() - first;
        self.slots.extend_zeros((count - dense) * size_of::<T>());
        spread(&mut self.slots.typed_data_mut::<T>()[first..], false, dense, bits, bit);
    }

    fn finish(&mut self, data_type: &DataType, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
        let (len, slots) = (self.len(), std::mem::take(&mut self.slots));
        let data = ArrayData::builder(data_type.clone()).len(len).add_buffer(slots.into()).nulls(nulls);
        Ok(make_array(data.build()?))
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Decimal128Type, Int64Type};

    use super::*;

    #[test]
    fn integers_of_every_width_keep_their_sign() {
        let decimal = DataType::Decimal128(38, 0);
        for width in 1..=16 {
            let most = if width == 16 { i128::MAX } else { (1 << (8 * width - 1)) - 1 };
            let numbers = [0, 1, -1, most, -most - 1];
            let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_be_bytes()[16 - width..].to_vec()).collect();
            let mut values = Fixed::<i128>::new(Layout::Big(width));
            assert_eq!(values.plain(&bytes, 5).unwrap(), 5 * width);
            assert!(values.plain(&bytes, 6).is_err());
            let array = values.finish(&decimal, None).unwrap();
            assert_eq!(array.as_primitive::<Decimal128Type>().values(), &numbers, "{width}");
        }
        for width in [4, 8] {
            let numbers = [0, 1, -1, i128::from(i32::MIN)];
            let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()[..width].to_vec()).collect();
            let mut values = Fixed::<i128>::new(Layout::Little(width));
            values.plain(&bytes, 4).unwrap();
            assert_eq!(values.finish(&decimal, None).unwrap().as_primitive::<Decimal128Type>().values(), &numbers);
        }
    }

    #[test]
    fn indices_are_compared_with_the_dictionary() {
        let mut values = Fixed::<i64>::new(Layout::Same);
        assert!(Fixed::<i64>::new(Layout::Same).indexed(&[0]).is_err());
        assert!(values.set_dictionary(&[0; 15], 2).is_err());
        values.set_dictionary(&[5, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0], 2).unwrap();
        values.indexed(&[1, 0, 1]).unwrap();
        let array = values.finish(&DataType::Int64, None).unwrap();
        assert_eq!(array.as_primitive::<Int64Type>().values(), &[6, 5, 6]);
        assert!(values.indexed(&[2]).is_err());
    }
}
