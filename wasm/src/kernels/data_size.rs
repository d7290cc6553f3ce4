//! Size of rows from the data alone: a sum over rows, so that it is the same however they are cut, laid out or shared.
//!
//! A row counts its fixed width (one byte for a boolean), 4 bytes and its content for text, binary, lists and maps,
//! and for a struct what is in it. Encodings count as what they stand for; what lies under a null counts nothing.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, OffsetSizeTrait, RecordBatch};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use arrow_schema::DataType;

use super::bytes::ByteRows;
use super::spread::Sizes;
use super::unpack::Unpacked;

pub fn data_size(batch: &RecordBatch) -> u64 {
    column_sizes(batch).iter().sum()
}

/// Of each column.
pub fn column_sizes(batch: &RecordBatch) -> Vec<u64> {
    batch.columns().iter().map(column_size).collect()
}

pub fn column_size(column: &ArrayRef) -> u64 {
    size(column, None)
}

/// `mask`: the rows that count.
fn size(array: &ArrayRef, mask: Option<&NullBuffer>) -> u64 {
    let rows = mask.map_or(array.len(), |m| m.len() - m.null_count());
    let live = || NullBuffer::union(array.nulls(), mask);
    match array.data_type() {
        DataType::Null => 0,
        DataType::Boolean => rows as u64,
        DataType::FixedSizeBinary(width) => rows as u64 * *width as u64,
        DataType::Struct(_) => {
            let live = live();
            array.as_struct().columns().iter().map(|c| size(c, live.as_ref())).sum()
        }
        DataType::List(_) => {
            4 * rows as u64 + lists(array.as_list::<i32>().value_offsets(), array.as_list::<i32>().values(), live())
        }
        DataType::LargeList(_) => {
            4 * rows as u64 + lists(array.as_list::<i64>().value_offsets(), array.as_list::<i64>().values(), live())
        }
        DataType::Map(..) => {
            let map = array.as_map();
            4 * rows as u64
                + lists(map.value_offsets(), &(std::sync::Arc::new(map.entries().clone()) as ArrayRef), live())
        }
        DataType::FixedSizeList(_, width) => {
            let list = array.as_fixed_size_list();
            let offsets: Vec<i32> = (0..=list.len() as i32).map(|i| i * width).collect();
            4 * rows as u64 + lists(&offsets, list.values(), live())
        }
        DataType::ListView(_) => 4 * rows as u64 + list_views(array.as_list_view::<i32>(), live()),
        DataType::LargeListView(_) => 4 * rows as u64 + list_views(array.as_list_view::<i64>(), live()),
        DataType::Dictionary(..) | DataType::RunEndEncoded(..) => match Unpacked::of(array) {
            Some(encoded) => encoded_size(&encoded, rows, mask),
            None => 0,
        },
        other => match (other.primitive_width(), ByteRows::of(array)) {
            (Some(width), _) => (rows * width) as u64,
            (None, Some(values)) => 4 * rows as u64 + content(&values, array.len(), live()),
            (None, None) => 0,
        },
    }
}

fn content(values: &ByteRows<'_>, len: usize, live: Option<NullBuffer>) -> u64 {
    match (live.filter(|l| l.null_count() > 0), values) {
        (None, ByteRows::Offsets32(offsets, _)) => (offsets[len] - offsets[0]) as u64,
        (None, ByteRows::Offsets64(offsets, _)) => (offsets[len] - offsets[0]) as u64,
        (None, _) => (0..len).map(|i| values.len_of(i) as u64).sum(),
        (Some(live), _) => live.valid_indices().map(|i| values.len_of(i) as u64).sum(),
    }
}

fn lists<O: OffsetSizeTrait>(offsets: &[O], values: &ArrayRef, live: Option<NullBuffer>) -> u64 {
    let at = |i: usize| offsets[i].as_usize();
    let rows = offsets.len() - 1;
    let shown = values.slice(at(0), at(rows) - at(0));
    let hides = |live: &NullBuffer| (0..rows).any(|i| live.is_null(i) && at(i + 1) > at(i));
    let Some(live) = live.filter(hides) else { return size(&shown, None) };
    let mut mask = BooleanBufferBuilder::new(shown.len());
    for i in 0..rows {
        mask.append_n(at(i + 1) - at(i), live.is_valid(i));
    }
    size(&shown, Some(&NullBuffer::new(mask.finish())))
}

fn list_views<O: OffsetSizeTrait>(list: &arrow_array::GenericListViewArray<O>, live: Option<NullBuffer>) -> u64 {
    let rows = (0..list.len()).filter(|i| live.as_ref().is_none_or(|l| l.is_valid(*i)));
    // Views may overlap and come in any order: each is measured by itself.
    rows.map(|i| size(&list.value(i), None)).sum()
}

fn encoded_size(encoded: &Unpacked, rows: usize, mask: Option<&NullBuffer>) -> u64 {
    let values = &encoded.values;
    if let Some(width) = values.data_type().primitive_width() {
        return (rows * width) as u64;
    }
    let counts = |row: &usize| mask.is_none_or(|m| m.is_valid(*row));
    let index = encoded.index();
    if let Some(bytes) = ByteRows::of(values)
        && !matches!(values.data_type(), DataType::FixedSizeBinary(_))
    {
        let shown =
            (0..index.len()).filter(|r| counts(r) && !encoded.is_null(*r) && values.is_valid(index[*r] as usize));
        return 4 * rows as u64 + shown.map(|r| bytes.len_of(index[r] as usize) as u64).sum::<u64>();
    }
    let mut sizes = Sizes::of(values);
    let of = |r: usize| if encoded.is_null(r) { sizes.null() } else { sizes.at(index[r] as usize) };
    (0..index.len()).filter(counts).map(of).sum()
}
