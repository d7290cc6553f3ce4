//! Arrays one after the other.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, DictionaryArray, OffsetSizeTrait, PrimitiveArray, RecordBatch, RecordBatchOptions, UInt32Array,
    downcast_integer, make_array, new_empty_array,
};
use arrow_buffer::ArrowNativeType;
use arrow_data::ArrayData;
use arrow_data::transform::{Capacities, MutableArrayData};
use arrow_schema::{ArrowError, DataType, SchemaRef};

use crate::take::take;

/// All rows of all arrays, which have one type.
pub fn concat(arrays: &[&dyn Array]) -> Result<ArrayRef, ArrowError> {
    let [first, rest @ ..] = arrays else {
        return Err(ArrowError::ComputeError("concat requires input of at least one array".to_string()));
    };
    if let Some(other) = rest.iter().find(|a| a.data_type() != first.data_type()) {
        let text = format!("arrays to join have the types {} and {}", first.data_type(), other.data_type());
        return Err(ArrowError::InvalidArgumentError(text));
    }
    if rest.is_empty() {
        return Ok(first.slice(0, first.len()));
    }
    match (joined(arrays), first.data_type()) {
        // The values of all of them are more than the keys can count; the distinct ones may be few.
        (Err(ArrowError::DictionaryKeyOverflowError), DataType::Dictionary(key, _)) => {
            macro_rules! by_key {
                ($key:ty) => {
                    distinct::<$key>(arrays)
                };
            }
            downcast_integer! {
                key.as_ref() => (by_key),
                other => Err(ArrowError::InvalidArgumentError(format!("{other} is no type of keys")))
            }
        }
        (result, _) => result,
    }
}

/// All rows of all batches.
pub fn concat_batches<'a>(
    schema: &SchemaRef,
    batches: impl IntoIterator<Item = &'a RecordBatch>,
) -> Result<RecordBatch, ArrowError> {
    let batches: Vec<&RecordBatch> = batches.into_iter().collect();
    let column = |(i, field): (usize, &arrow_schema::FieldRef)| match batches.as_slice() {
        [] => Ok(new_empty_array(field.data_type())),
        batches => concat(&batches.iter().map(|b| b.column(i).as_ref()).collect::<Vec<_>>()),
    };
    let columns = schema.fields().iter().enumerate().map(column).collect::<Result<Vec<_>, _>>()?;
    let rows = batches.iter().map(|b| b.num_rows()).sum();
    RecordBatch::try_new_with_options(schema.clone(), columns, &RecordBatchOptions::new().with_row_count(Some(rows)))
}

fn joined(arrays: &[&dyn Array]) -> Result<ArrayRef, ArrowError> {
    let data: Vec<_> = arrays.iter().map(|a| a.to_data()).collect();
    let mut out = MutableArrayData::try_with_capacities(data.iter().collect(), false, room(&data))?;
    for (i, data) in data.iter().enumerate() {
        out.try_extend(i, 0, data.len())?;
    }
    Ok(make_array(out.freeze()))
}

/// What the arrays hold together: a buffer that grows by doubling would take twice as much.
fn room(arrays: &[ArrayData]) -> Capacities {
    let rows = arrays.iter().map(ArrayData::len).sum();
    match arrays[0].data_type() {
        DataType::Utf8 | DataType::Binary => Capacities::Binary(rows, Some(content::<i32>(arrays))),
        DataType::LargeUtf8 | DataType::LargeBinary => Capacities::Binary(rows, Some(content::<i64>(arrays))),
        DataType::List(_) | DataType::Map(..) => Capacities::List(rows, Some(Box::new(room(&elements::<i32>(arrays))))),
        DataType::LargeList(_) => Capacities::List(rows, Some(Box::new(room(&elements::<i64>(arrays))))),
        DataType::Struct(fields) => {
            let child = |i: usize| {
                arrays.iter().map(|a: &ArrayData| a.child_data()[i].slice(a.offset(), a.len())).collect::<Vec<_>>()
            };
            Capacities::Struct(rows, Some((0..fields.len()).map(|i| room(&child(i))).collect()))
        }
        _ => Capacities::Array(rows),
    }
}

/// The part of its content that an array points to.
fn span<O: OffsetSizeTrait>(array: &ArrayData) -> Range<usize> {
    if array.is_empty() {
        return 0..0;
    }
    let offsets = &array.buffers()[0].typed_data::<O>()[array.offset()..];
    offsets[0].as_usize()..offsets[array.len()].as_usize()
}

fn content<O: OffsetSizeTrait>(arrays: &[ArrayData]) -> usize {
    arrays.iter().map(|a| span::<O>(a).len()).sum()
}

fn elements<O: OffsetSizeTrait>(arrays: &[ArrayData]) -> Vec<ArrayData> {
    let part = |a: &ArrayData| a.child_data()[0].slice(span::<O>(a).start, span::<O>(a).len());
    arrays.iter().map(part).collect()
}

/// Dictionaries joined by value: each distinct one that a row uses comes once, in the order of first use.
fn distinct<K: ArrowDictionaryKeyType>(arrays: &[&dyn Array]) -> Result<ArrayRef, ArrowError> {
    let dictionaries: Vec<&DictionaryArray<K>> = arrays.iter().map(|a| a.as_dictionary::<K>()).collect();
    let values = joined(&dictionaries.iter().map(|d| d.values().as_ref()).collect::<Vec<_>>())?;
    let texts = contents(&values)?;
    let mut places: HashMap<Option<&[u8]>, usize> = HashMap::new();
    let mut kept: Vec<u32> = Vec::new();
    let mut keys: Vec<Option<K::Native>> = Vec::new();
    let mut base = 0;
    for dictionary in dictionaries {
        for key in dictionary.keys() {
            let Some(key) = key else {
                keys.push(None);
                continue;
            };
            let value = base + key.as_usize();
            let place = *places.entry(texts[value]).or_insert_with(|| {
                kept.push(value as u32);
                kept.len() - 1
            });
            keys.push(Some(K::Native::from_usize(place).ok_or(ArrowError::DictionaryKeyOverflowError)?));
        }
        base += dictionary.values().len();
    }
    let values = take(&values, &UInt32Array::from(kept), None)?;
    Ok(Arc::new(DictionaryArray::<K>::try_new(keys.into_iter().collect::<PrimitiveArray<K>>(), values)?))
}

/// What tells values apart; None: null.
fn contents(values: &ArrayRef) -> Result<Vec<Option<&[u8]>>, ArrowError> {
    fn of<'a, T: ByteArrayType>(values: &'a ArrayRef) -> Vec<Option<&'a [u8]>>
    where
        T::Native: 'a,
    {
        values.as_bytes::<T>().iter().map(|v| v.map(|v| v.as_ref())).collect()
    }
    Ok(match values.data_type() {
        DataType::Utf8 => of::<Utf8Type>(values),
        DataType::LargeUtf8 => of::<LargeUtf8Type>(values),
        DataType::Binary => of::<BinaryType>(values),
        DataType::LargeBinary => of::<LargeBinaryType>(values),
        _ => return Err(ArrowError::DictionaryKeyOverflowError),
    })
}
