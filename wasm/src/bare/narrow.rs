//! Numbers of 8 and 16 bytes that lie close together, as 4 bytes each; offsets of short values, as a byte each. Rows of
//! one partition have many of both, and what is written has to be read again.

use arrow_buffer::Buffer;
use arrow_data::ArrayData;
use arrow_schema::DataType;
use icestream_encodings::bounds_i64;

/// The least number, before the others' distances to it.
const LEAST: usize = 8;

enum Kind {
    /// 8 bytes.
    Words,
    Decimals,
    Offsets,
}

fn kind(data_type: &DataType) -> Option<Kind> {
    Some(match data_type {
        DataType::Int64 | DataType::Timestamp(..) | DataType::Time64(_) => Kind::Words,
        DataType::Decimal128(..) => Kind::Decimals,
        DataType::Utf8 | DataType::Binary | DataType::List(_) | DataType::Map(..) => Kind::Offsets,
        _ => return None,
    })
}

/// The first buffer of an array without an offset, narrow; None: it cannot be.
pub fn narrow(data: &ArrayData) -> Option<Buffer> {
    match kind(data.data_type())? {
        Kind::Words => {
            let words = &data.buffer::<u64>(0)[..data.len()];
            let (least, most) = bounds_i64(words)?;
            u32::try_from(most.wrapping_sub(least) as u64).ok()?;
            Some(distances(least, words.iter().map(|word| word.wrapping_sub(least as u64) as u32)))
        }
        Kind::Decimals => {
            let values = &data.buffer::<i128>(0)[..data.len()];
            let first = *values.first()?;
            let (least, most) = values.iter().fold((first, first), |(min, max), v| (min.min(*v), max.max(*v)));
            u32::try_from(most.checked_sub(least)?).ok()?;
            let least = i64::try_from(least).ok()?;
            Some(distances(least, values.iter().map(|value| (*value as i64).wrapping_sub(least) as u32)))
        }
        Kind::Offsets => {
            let offsets = data.buffer::<i32>(0).get(..=data.len())?;
            let mut all = 0;
            let length = |pair: &[i32]| {
                let length = pair[1].wrapping_sub(pair[0]) as u32;
                all |= length;
                length as u8
            };
            let lengths: Vec<u8> = offsets.windows(2).map(length).collect();
            (all <= u8::MAX.into() && offsets[0] == 0).then(|| Buffer::from_vec(lengths))
        }
    }
}

fn distances(least: i64, each: impl ExactSizeIterator<Item = u32>) -> Buffer {
    let mut out = Vec::with_capacity(LEAST / 4 + each.len());
    out.extend([least as u32, (least >> 32) as u32]);
    out.extend(each);
    Buffer::from_vec(out)
}

/// Appends the words that `narrow` was given, of an array of `length`.
pub fn widen_words(out: &mut Vec<i64>, length: usize, narrow: &Buffer) -> Option<()> {
    out.extend(words(length, narrow)?);
    Some(())
}

pub fn widen_decimals(out: &mut Vec<i128>, length: usize, narrow: &Buffer) -> Option<()> {
    out.extend(words(length, narrow)?.map(i128::from));
    Some(())
}

fn words(length: usize, narrow: &Buffer) -> Option<impl ExactSizeIterator<Item = i64>> {
    let least = i64::from_le_bytes(*narrow.first_chunk()?);
    let distances = narrow.typed_data::<u32>().get(LEAST / 4..LEAST / 4 + length)?;
    Some(distances.iter().map(move |distance| least.wrapping_add(i64::from(*distance))))
}

/// The same for offsets, but for the first: they go on from the last that is there.
pub fn widen_offsets(out: &mut Vec<i32>, length: usize, narrow: &Buffer) -> Option<()> {
    let mut end = *out.last()?;
    out.extend(narrow.get(..length)?.iter().map(|length| {
        end += i32::from(*length);
        end
    }));
    Some(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Int32Type;
    use arrow_array::{Array, ArrayRef, Decimal128Array, Int64Array, ListArray, StringArray};
    use arrow_buffer::ArrowNativeType;
    use proptest::prelude::*;

    use super::*;

    /// The bytes that the array's first buffer takes when it is narrow.
    fn there_and_back(array: ArrayRef) -> Option<usize> {
        let data = array.to_data();
        let narrow = narrow(&data)?;
        let wide = match kind(data.data_type())? {
            Kind::Words => widened(Vec::new(), data.len(), &narrow, widen_words),
            Kind::Decimals => widened(Vec::new(), data.len(), &narrow, widen_decimals),
            Kind::Offsets => widened(vec![0], data.len(), &narrow, widen_offsets),
        };
        assert_eq!(wide.as_slice(), data.buffers()[0].as_slice());
        Some(narrow.len())
    }

    fn widened<T: ArrowNativeType>(
        mut out: Vec<T>,
        length: usize,
        narrow: &Buffer,
        widen: fn(&mut Vec<T>, usize, &Buffer) -> Option<()>,
    ) -> Buffer {
        widen(&mut out, length, narrow).unwrap();
        Buffer::from_vec(out)
    }

    proptest! {
        #[test]
        fn numbers_close_together_come_back(least: i64, distances in prop::collection::vec(0..=u32::MAX, 1..50)) {
            let numbers = || distances.iter().map(|distance| least.saturating_add((*distance).into()));
            let bytes = Some(LEAST + 4 * distances.len());
            prop_assert_eq!(there_and_back(Arc::new(Int64Array::from_iter_values(numbers()))), bytes);
            prop_assert_eq!(there_and_back(Arc::new(Decimal128Array::from_iter_values(numbers().map(i128::from)))), bytes);
        }

        #[test]
        fn short_values_come_back(texts in prop::collection::vec(".{0,60}", 1..50)) {
            let lists = texts.iter().map(|text| Some(text.bytes().map(|byte| Some(i32::from(byte)))));
            prop_assert_eq!(there_and_back(Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists))), Some(texts.len()));
            prop_assert_eq!(there_and_back(Arc::new(StringArray::from(texts.clone()))), Some(texts.len()));
        }
    }

    #[test]
    fn what_is_far_apart_or_long_stays_as_it_is() {
        let far = [i64::MIN, i64::MAX];
        assert_eq!(there_and_back(Arc::new(Int64Array::from(far.to_vec()))), None);
        assert_eq!(there_and_back(Arc::new(Int64Array::from(vec![0, 1 << 32]))), None);
        assert_eq!(there_and_back(Arc::new(Decimal128Array::from(vec![0, i128::MAX]))), None);
        assert_eq!(there_and_back(Arc::new(Decimal128Array::from(vec![1 << 70, 1 << 70]))), None);
        assert_eq!(there_and_back(Arc::new(Decimal128Array::from(vec![i128::MIN, i128::MAX]))), None);
        assert_eq!(there_and_back(Arc::new(StringArray::from(vec!["a".repeat(256)]))), None);
    }
}
