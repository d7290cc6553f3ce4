//! Size of rows from the data alone: a sum over rows, so that it is the same however they are cut, laid out or shared.
//!
//! A row counts its fixed width (one byte for a boolean), 4 bytes and its content for text, binary, lists and maps,
//! and for a struct what is in it. Encodings count as what they stand for; what lies under a null counts nothing.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, OffsetSizeTrait, RecordBatch};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use arrow_schema::DataType;

use super::bytes::ByteRows;
use super::spread::Sizes;
use super::unpack::{Unpacked, runs_of};

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
            let of = |row: usize| row * *width as usize..(row + 1) * *width as usize;
            4 * rows as u64 + elements(list.values(), list.len(), of, live())
        }
        DataType::ListView(_) => 4 * rows as u64 + list_views(array.as_list_view::<i32>(), live()),
        DataType::LargeListView(_) => 4 * rows as u64 + list_views(array.as_list_view::<i64>(), live()),
        DataType::Dictionary(..) => match Unpacked::of_dictionary(array) {
            Some(encoded) => {
                let counts = |row: &usize| mask.is_none_or(|m| m.is_valid(*row));
                let value = |row: usize| (1, (!encoded.is_null(row)).then(|| encoded.index()[row] as usize));
                encoded_size(&encoded.values, rows, (0..array.len()).filter(counts).map(value))
            }
            None => 0,
        },
        DataType::RunEndEncoded(..) => match runs_of(array) {
            Some((values, runs)) => {
                let count = |rows: &Range<usize>| match mask {
                    Some(mask) => rows.clone().filter(|row| mask.is_valid(*row)).count() as u64,
                    None => rows.len() as u64,
                };
                encoded_size(&values, rows, runs.iter().map(|(value, rows)| (count(rows), Some(*value))))
            }
            None => 0,
        },
        other => match (other.primitive_width(), ByteRows::of(array)) {
            (Some(width), _) => rows as u64 * width as u64,
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
    let rows = offsets.len() - 1;
    elements(values, rows, |row| offsets[row].as_usize()..offsets[row + 1].as_usize(), live)
}

/// `of`: the elements of a row, which follow those of the row before.
fn elements(values: &ArrayRef, rows: usize, of: impl Fn(usize) -> Range<usize>, live: Option<NullBuffer>) -> u64 {
    // There may be more of these than there is room for a bit of each.
    if rows == 0 || *values.data_type() == DataType::Null {
        return 0;
    }
    let start = of(0).start;
    let shown = values.slice(start, of(rows - 1).end - start);
    let hides = |live: &NullBuffer| (0..rows).any(|row| live.is_null(row) && !of(row).is_empty());
    let Some(live) = live.filter(hides) else { return size(&shown, None) };
    let mut mask = BooleanBufferBuilder::new(shown.len());
    for row in 0..rows {
        mask.append_n(of(row).len(), live.is_valid(row));
    }
    size(&shown, Some(&NullBuffer::new(mask.finish())))
}

fn list_views<O: OffsetSizeTrait>(list: &arrow_array::GenericListViewArray<O>, live: Option<NullBuffer>) -> u64 {
    let rows = (0..list.len()).filter(|i| live.as_ref().is_none_or(|l| l.is_valid(*i)));
    // Views may overlap and come in any order: each is measured by itself.
    rows.map(|i| size(&list.value(i), None)).sum()
}

/// `uses`: of how many rows which value counts; None: they are null themselves.
fn encoded_size(values: &ArrayRef, rows: usize, uses: impl Iterator<Item = (u64, Option<usize>)>) -> u64 {
    if let Some(width) = values.data_type().primitive_width() {
        return rows as u64 * width as u64;
    }
    if let Some(bytes) = ByteRows::of(values)
        && !matches!(values.data_type(), DataType::FixedSizeBinary(_))
    {
        let of = |(rows, value): (u64, Option<usize>)| {
            value.filter(|v| values.is_valid(*v)).map_or(0, |v| rows * bytes.len_of(v) as u64)
        };
        return 4 * rows as u64 + uses.map(of).sum::<u64>();
    }
    let mut sizes = Sizes::of(values);
    uses.map(|(rows, value)| rows * value.map_or(sizes.null(), |v| sizes.at(v))).sum()
}
