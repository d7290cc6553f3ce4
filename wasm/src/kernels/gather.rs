//! The rows of each group as arrays of their own, column by column.
//!
//! Arrow's own `take` looks at the column's type once per group and copies short values by calls of unknown length,
//! which wasm is slow at: here the type is looked at once per column and short values are copied in fixed steps.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, GenericByteArray, ListArray, MapArray, PrimitiveArray,
    StructArray, UInt32Array, make_array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, FieldRef, TimeUnit};

use crate::error::Result;

/// Row numbers, group by group.
pub struct RowGroups<'a> {
    /// The group of each row.
    ids: &'a [u32],
    rows: ScalarBuffer<u32>,
    /// Where each group starts in `rows`, and the end of the last.
    starts: Vec<usize>,
}

impl<'a> RowGroups<'a> {
    /// Rows of `count` groups, each in the order they have.
    pub fn new(ids: &'a [u32], count: usize) -> Self {
        let mut starts = vec![0usize; count + 1];
        for id in ids {
            starts[*id as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut rows = vec![0u32; ids.len()];
        for (row, id) in ids.iter().enumerate() {
            let at = &mut next[*id as usize];
            rows[*at] = row as u32;
            *at += 1;
        }
        Self { ids, rows: rows.into(), starts }
    }

    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|w| &self.rows[w[0]..w[1]])
    }
}

/// One array a group.
pub fn gather(column: &ArrayRef, groups: &RowGroups<'_>) -> Result<Vec<ArrayRef>> {
    match column.data_type() {
        DataType::Boolean => {
            let source = column.as_boolean();
            let bits =
                |rows: &[u32]| BooleanBuffer::collect_bool(rows.len(), |i| source.values().value(rows[i] as usize));
            Ok(groups
                .iter()
                .map(|rows| Arc::new(BooleanArray::new(bits(rows), nulls(source, rows))) as ArrayRef)
                .collect())
        }
        DataType::Int32 => primitive::<Int32Type>(column, groups),
        DataType::Int64 => primitive::<Int64Type>(column, groups),
        DataType::Float32 => primitive::<Float32Type>(column, groups),
        DataType::Float64 => primitive::<Float64Type>(column, groups),
        DataType::Date32 => primitive::<Date32Type>(column, groups),
        DataType::Decimal128(..) => primitive::<Decimal128Type>(column, groups),
        DataType::Timestamp(TimeUnit::Microsecond, _) => primitive::<TimestampMicrosecondType>(column, groups),
        DataType::Utf8 => bytes::<Utf8Type>(column, groups),
        DataType::Binary => bytes::<BinaryType>(column, groups),
        DataType::List(element) => {
            let source = column.as_list::<i32>();
            if let (0, Some(width)) = (source.values().null_count(), source.values().data_type().primitive_width()) {
                return flat_lists(source, element, width, groups);
            }
            let values = elements(source.value_offsets(), source.values(), groups)?;
            let offsets = list_offsets(source.value_offsets(), groups);
            let list = |((values, offsets), rows)| {
                Ok(Arc::new(ListArray::try_new(element.clone(), offsets, values, nulls(source, rows))?) as ArrayRef)
            };
            values.into_iter().zip(offsets).zip(groups.iter()).map(list).collect()
        }
        DataType::Map(entries, sorted) => {
            let source = column.as_map();
            let values = elements(source.value_offsets(), &(Arc::new(source.entries().clone()) as ArrayRef), groups)?;
            let offsets = list_offsets(source.value_offsets(), groups);
            let map = |((values, offsets), rows): ((ArrayRef, _), _)| {
                let values = values.as_struct().clone();
                Ok(Arc::new(MapArray::try_new(entries.clone(), offsets, values, nulls(source, rows), *sorted)?)
                    as ArrayRef)
            };
            values.into_iter().zip(offsets).zip(groups.iter()).map(map).collect()
        }
        DataType::Struct(fields) => {
            let source = column.as_struct();
            let children =
                source.columns().iter().map(|c| Ok(gather(c, groups)?.into_iter())).collect::<Result<Vec<_>>>();
            let mut children = children?;
            let part =
                |rows: &[u32]| {
                    let columns = children.iter_mut().filter_map(Iterator::next).collect();
                    Ok(Arc::new(StructArray::try_new_with_length(
                        fields.clone(),
                        columns,
                        nulls(source, rows),
                        rows.len(),
                    )?) as ArrayRef)
                };
            groups.iter().map(part).collect()
        }
        _ => {
            let one = |w: &[usize]| {
                let rows = UInt32Array::new(groups.rows.slice(w[0], w[1] - w[0]), None);
                Ok(arrow_select::take::take(column, &rows, None)?)
            };
            groups.starts.windows(2).map(one).collect()
        }
    }
}

fn nulls(source: &dyn Array, rows: &[u32]) -> Option<NullBuffer> {
    let source = source.nulls().filter(|n| n.null_count() > 0)?;
    let picked = NullBuffer::new(BooleanBuffer::collect_bool(rows.len(), |i| source.is_valid(rows[i] as usize)));
    Some(picked).filter(|n| n.null_count() > 0)
}

fn primitive<T: ArrowPrimitiveType>(column: &ArrayRef, groups: &RowGroups<'_>) -> Result<Vec<ArrayRef>> {
    let source = column.as_primitive::<T>();
    let values = source.values().as_ref();
    let part = |rows: &[u32]| {
        let picked: Vec<T::Native> = rows.iter().map(|row| values[*row as usize]).collect();
        let array = PrimitiveArray::<T>::new(picked.into(), nulls(source, rows));
        Arc::new(array.with_data_type(source.data_type().clone())) as ArrayRef
    };
    Ok(groups.iter().map(part).collect())
}

/// The elements of the lists of each group.
fn elements(offsets: &[i32], values: &ArrayRef, groups: &RowGroups<'_>) -> Result<Vec<ArrayRef>> {
    let (first, last) = (offsets[0] as usize, offsets[offsets.len() - 1] as usize);
    let spans = offsets.windows(2).zip(groups.ids);
    let mut ids = Vec::with_capacity(last - first);
    for (span, id) in spans {
        ids.resize(ids.len() + (span[1] - span[0]) as usize, *id);
    }
    gather(&values.slice(first, last - first), &RowGroups::new(&ids, groups.len()))
}

/// Offsets of the lists of each group.
fn list_offsets(offsets: &[i32], groups: &RowGroups<'_>) -> Vec<OffsetBuffer<i32>> {
    let lengths = |rows: &[u32]| {
        let length = |row: &u32| (offsets[*row as usize + 1] - offsets[*row as usize]) as usize;
        OffsetBuffer::from_lengths(rows.iter().map(length))
    };
    groups.iter().map(lengths).collect()
}

fn bytes<T: ByteArrayType<Offset = i32>>(column: &ArrayRef, groups: &RowGroups<'_>) -> Result<Vec<ArrayRef>> {
    let source = column.as_bytes::<T>();
    let parts = scatter_spans(source.value_offsets(), source.value_data(), 1, groups).into_iter().zip(groups.iter());
    let array = |((ends, values), rows): (Spans, &[u32])| {
        // SAFETY: whole values of an array of the same type, at the offsets counted on the way.
        let array = unsafe { GenericByteArray::<T>::new_unchecked(ends, values, nulls(source, rows)) };
        Arc::new(array) as ArrayRef
    };
    Ok(parts.map(array).collect())
}

/// Lists of numbers: the elements of a list are copied as one span of bytes.
fn flat_lists(source: &ListArray, element: &FieldRef, width: usize, groups: &RowGroups<'_>) -> Result<Vec<ArrayRef>> {
    let data = source.values().to_data();
    let values = &data.buffers()[0].as_slice()[data.offset() * width..];
    let parts = scatter_spans(source.value_offsets(), values, width, groups).into_iter().zip(groups.iter());
    let list = |((ends, values), rows): (Spans, &[u32])| {
        let child =
            ArrayData::builder(data.data_type().clone()).len(values.len() / width).add_buffer(values).build()?;
        let list = ListArray::try_new(element.clone(), ends, make_array(child), nulls(source, rows))?;
        Ok(Arc::new(list) as ArrayRef)
    };
    parts.map(list).collect()
}

type Spans = (OffsetBuffer<i32>, Buffer);

/// Values up to here are copied in steps of a fixed size, past their end.
const SHORT: usize = 64;
const STEP: usize = 16;

/// Where a group's next span goes.
struct Next {
    value: *mut u8,
    end: *mut i32,
    total: i32,
}

/// Spans of bytes by group, with their offsets, which count values of `width` bytes. The source is read in order:
/// the places written to are few enough to stay in cache, the rows of a group are not.
fn scatter_spans(offsets: &[i32], values: &[u8], width: usize, groups: &RowGroups<'_>) -> Vec<Spans> {
    let first = offsets[0];
    let ends = &offsets[1..];
    let mut sizes = vec![0usize; groups.len()];
    let mut start = first;
    for (end, id) in ends.iter().zip(groups.ids) {
        sizes[*id as usize] += (*end - start) as usize * width;
        start = *end;
    }
    // The last step may go past the end of the values.
    let room = |(rows, size): (&[u32], &usize)| {
        let mut ends = Vec::with_capacity(rows.len() + 1);
        ends.push(0);
        (ends, Vec::<u8>::with_capacity(size + SHORT))
    };
    let mut rooms: Vec<_> = groups.iter().zip(&sizes).map(room).collect();
    let place =
        |(ends, out): &mut (Vec<i32>, Vec<u8>)| Next { value: out.as_mut_ptr(), end: ends.as_mut_ptr(), total: 0 };
    let mut places: Vec<Next> = rooms.iter_mut().map(place).collect();
    let mut start = first;
    for (end, id) in ends.iter().zip(groups.ids) {
        let next = &mut places[*id as usize];
        let (at, len) = (start as usize * width, (*end - start) as usize * width);
        next.total += *end - start;
        start = *end;
        // SAFETY: the array's offsets are within its values. This walk takes the same rows as the ones that counted
        // rows and sizes, so a group's offsets have room for each of its rows and its bytes for all spans and SHORT
        // more. Steps read at most SHORT bytes from `at` on, which are there.
        unsafe {
            next.end = next.end.add(1);
            *next.end = next.total;
            let from = values.as_ptr().add(at);
            if len <= SHORT && at + SHORT <= values.len() {
                copy_short(from, next.value, len);
            } else {
                std::ptr::copy_nonoverlapping(from, next.value, len);
            }
            next.value = next.value.add(len);
        }
    }
    let done = |(((mut ends, mut out), size), rows): (((Vec<i32>, Vec<u8>), usize), &[u32])| {
        // SAFETY: each row of the group has written its end, and the spans have filled as many bytes, without a gap.
        unsafe {
            ends.set_len(rows.len() + 1);
            out.set_len(size);
        }
        // SAFETY: they only ever grew, from 0 on.
        (unsafe { OffsetBuffer::new_unchecked(ScalarBuffer::from(ends)) }, Buffer::from(out))
    };
    rooms.into_iter().zip(sizes).zip(groups.iter()).map(done).collect()
}

/// Copies at least `len` bytes, 16 at a time.
///
/// # Safety
/// `len` is at most SHORT, and SHORT bytes are readable at `from` and writable at `to`.
#[inline(always)]
unsafe fn copy_short(from: *const u8, to: *mut u8, len: usize) {
    let (from, to) = (from.cast::<[u64; 2]>(), to.cast::<[u64; 2]>());
    let mut step = 0;
    while step * STEP < len {
        unsafe { to.add(step).write_unaligned(from.add(step).read_unaligned()) };
        step += 1;
    }
}
