//! How each leaf of a column is encoded, decided on the whole row group before its first page.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, downcast_primitive_array};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use arrow_schema::DataType;
use parquet::basic::{Encoding, Type};
use parquet::schema::types::ColumnDescriptor;

use super::distinct::DistinctUpTo;
use crate::error::Result;

/// A dictionary needs values that come this often on average: below that its page costs more than its indices save.
const REPEATS: usize = 8;

/// The values of one leaf in one chunk, and which of them count.
struct LeafValues {
    array: ArrayRef,
    valid: Option<NullBuffer>,
}

/// Whether a dictionary pays for each leaf of the column: it fits its page and its values repeat.
pub fn dictionary_pays(chunks: &[ArrayRef], leaves: usize, dictionary_bytes: usize) -> Result<Vec<bool>> {
    let mut by_leaf: Vec<Vec<LeafValues>> = (0..leaves).map(|_| Vec::new()).collect();
    for chunk in chunks {
        let mut at = 0;
        collect(chunk, None, &mut by_leaf, &mut at);
    }
    Ok(by_leaf.iter().map(|values| leaf_pays(values, dictionary_bytes)).collect())
}

fn leaf_pays(chunks: &[LeafValues], dictionary_bytes: usize) -> bool {
    let count: usize = chunks.iter().map(|c| c.array.len() - c.valid.as_ref().map_or(0, NullBuffer::null_count)).sum();
    if count < REPEATS || chunks.iter().any(|c| matches!(c.array.data_type(), DataType::Boolean)) {
        return false;
    }
    let mut seen = DistinctUpTo::new(count / REPEATS, dictionary_bytes);
    chunks.iter().all(|chunk| add(&mut seen, chunk))
}

/// False: too many distinct values.
fn add(seen: &mut DistinctUpTo, values: &LeafValues) -> bool {
    macro_rules! each {
        ($array:expr, $insert:expr) => {{
            let array = $array;
            let mut insert = $insert;
            match &values.valid {
                None => (0..array.len()).all(|i| insert(array.value(i))),
                Some(valid) => valid.valid_indices().all(|i| insert(array.value(i))),
            }
        }};
    }
    let array = values.array.as_ref();
    match array.data_type() {
        DataType::Utf8 => each!(array.as_string::<i32>(), |v: &str| seen.insert_bytes(v.as_bytes())),
        DataType::LargeUtf8 => each!(array.as_string::<i64>(), |v: &str| seen.insert_bytes(v.as_bytes())),
        DataType::Utf8View => each!(array.as_string_view(), |v: &str| seen.insert_bytes(v.as_bytes())),
        DataType::Binary => each!(array.as_binary::<i32>(), |v: &[u8]| seen.insert_bytes(v)),
        DataType::LargeBinary => each!(array.as_binary::<i64>(), |v: &[u8]| seen.insert_bytes(v)),
        DataType::BinaryView => each!(array.as_binary_view(), |v: &[u8]| seen.insert_bytes(v)),
        DataType::FixedSizeBinary(_) => each!(array.as_fixed_size_binary(), |v: &[u8]| seen.insert_bytes(v)),
        DataType::Float32 => {
            each!(array.as_primitive::<Float32Type>(), |v: f32| seen.insert_word(v.to_bits().into(), 4))
        }
        DataType::Float64 => each!(array.as_primitive::<Float64Type>(), |v: f64| seen.insert_word(v.to_bits(), 8)),
        DataType::Decimal128(_, _) => {
            each!(array.as_primitive::<Decimal128Type>(), |v: i128| seen.insert_bytes(&v.to_le_bytes()))
        }
        _ => match array.data_type().primitive_width() {
            Some(4) => each!(words32(array), |v: u64| seen.insert_word(v, 4)),
            Some(8) => each!(words64(array), |v: u64| seen.insert_word(v, 8)),
            // Other types are not written.
            _ => false,
        },
    }
}

/// The raw words of a primitive array.
struct Words<'a, T>(&'a [T]);

impl Words<'_, u32> {
    fn value(&self, i: usize) -> u64 {
        self.0[i].into()
    }
}
impl Words<'_, u64> {
    fn value(&self, i: usize) -> u64 {
        self.0[i]
    }
}
impl<T> Words<'_, T> {
    fn len(&self) -> usize {
        self.0.len()
    }
}

fn raw(array: &dyn Array) -> &[u8] {
    // The buffer of any primitive array, cut to its rows.
    downcast_primitive_array!(
        array => {
            let values = array.values();
            let bytes: &[u8] = values.inner().as_slice();
            bytes
        },
        _ => &[],
    )
}

fn words32(array: &dyn Array) -> Words<'_, u32> {
    // Safety: any bits are a u32, and the buffer of 4-byte values is aligned for them.
    Words(unsafe { raw(array).align_to::<u32>() }.1)
}

fn words64(array: &dyn Array) -> Words<'_, u64> {
    // Safety: as above, for 8 bytes.
    Words(unsafe { raw(array).align_to::<u64>() }.1)
}

/// Walks to the leaves; `parent`: which slots of `array` belong to parents that are not null.
fn collect(array: &ArrayRef, parent: Option<NullBuffer>, out: &mut [Vec<LeafValues>], at: &mut usize) {
    let valid = NullBuffer::union(parent.as_ref(), array.nulls());
    match array.data_type() {
        DataType::Struct(_) => {
            for child in array.as_struct().columns() {
                collect(child, valid.clone(), out, at);
            }
        }
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let (values, valid) = children(list.values(), list.value_offsets(), valid);
            collect(&values, valid, out, at);
        }
        DataType::Map(_, _) => {
            let map = array.as_map();
            let entries: ArrayRef = std::sync::Arc::new(map.entries().clone());
            let (entries, valid) = children(&entries, map.value_offsets(), valid);
            collect(&entries, valid, out, at);
        }
        _ => {
            if let Some(leaf) = out.get_mut(*at) {
                leaf.push(LeafValues { array: array.clone(), valid: valid.filter(|v| v.null_count() > 0) });
            }
            *at += 1;
        }
    }
}

/// The children that lists use, and which of them belong to lists that are not null.
fn children(values: &ArrayRef, offsets: &[i32], valid: Option<NullBuffer>) -> (ArrayRef, Option<NullBuffer>) {
    let (start, end) = match (offsets.first(), offsets.last()) {
        (Some(start), Some(end)) => (*start as usize, *end as usize),
        _ => (0, 0),
    };
    let used = values.slice(start, end - start);
    let valid = valid.filter(|v| v.null_count() > 0).map(|valid| {
        let mut bits = BooleanBufferBuilder::new(end - start);
        for (i, pair) in offsets.windows(2).enumerate() {
            bits.append_n((pair[1] - pair[0]) as usize, valid.is_valid(i));
        }
        NullBuffer::new(bits.finish())
    });
    (used, valid)
}

/// The encoding of a leaf without a dictionary, under `compact`.
pub fn compact_encoding(leaf: &ColumnDescriptor, index: usize, chunks: &[ArrayRef]) -> Encoding {
    match leaf.physical_type() {
        Type::INT32 | Type::INT64 => Encoding::DELTA_BINARY_PACKED,
        Type::FLOAT | Type::DOUBLE => Encoding::BYTE_STREAM_SPLIT,
        Type::BYTE_ARRAY if shares_prefixes(index, chunks) => Encoding::DELTA_BYTE_ARRAY,
        Type::BYTE_ARRAY => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        _ => Encoding::PLAIN,
    }
}

/// Whether neighbours share at least a third of their bytes, in the first rows of the row group.
fn shares_prefixes(index: usize, chunks: &[ArrayRef]) -> bool {
    const SAMPLE: usize = 4096;
    let mut by_leaf: Vec<Vec<LeafValues>> = (0..=index).map(|_| Vec::new()).collect();
    let mut rows = 0;
    for chunk in chunks {
        collect(&chunk.slice(0, chunk.len().min(SAMPLE - rows)), None, &mut by_leaf, &mut 0);
        rows += chunk.len();
        if rows >= SAMPLE {
            break;
        }
    }
    let (mut shared, mut total) = (0, 0);
    let mut last: Vec<u8> = Vec::new();
    for values in by_leaf.pop().into_iter().flatten() {
        for i in 0..values.array.len() {
            if values.valid.as_ref().is_some_and(|v| v.is_null(i)) {
                continue;
            }
            let bytes = match values.array.data_type() {
                DataType::Utf8 => values.array.as_string::<i32>().value(i).as_bytes(),
                DataType::LargeUtf8 => values.array.as_string::<i64>().value(i).as_bytes(),
                DataType::Utf8View => values.array.as_string_view().value(i).as_bytes(),
                DataType::Binary => values.array.as_binary::<i32>().value(i),
                DataType::LargeBinary => values.array.as_binary::<i64>().value(i),
                DataType::BinaryView => values.array.as_binary_view().value(i),
                _ => return false,
            };
            shared += bytes.iter().zip(&last).take_while(|(a, b)| a == b).count();
            total += bytes.len();
            last.clear();
            last.extend_from_slice(bytes);
        }
    }
    total > 0 && shared * 3 >= total
}
