//! The rows of each group as arrays of their own, column by column.
//!
//! Arrow's own `take` looks at the column's type once per group, wants one array, and copies short values by calls of
//! unknown length, which wasm is slow at. Here the type is looked at once per column, pieces stay what they are, and
//! each is read once, in order: every value goes to its place in its group.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, BooleanArray, GenericByteArray, Int32Array, ListArray, MapArray, StructArray, make_array,
};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, FieldRef, IntervalUnit};
use arrow_select::concat::concat;
use icestream_routing::{RowGroups, Spans, group_ends, group_spans};

use crate::error::{EngineError, Result};

/// One array a group. `pieces`: the column, cut as the groups' rows are.
pub fn gather(pieces: &[ArrayRef], groups: &RowGroups<'_>) -> Result<Vec<ArrayRef>> {
    let data_type = pieces[0].data_type();
    match data_type {
        DataType::Boolean => {
            let values: Vec<_> = pieces.iter().map(|p| Some(p.as_boolean().values().clone())).collect();
            let bits = bits(groups, false, &values, pieces);
            let array = |(bits, nulls)| Arc::new(BooleanArray::new(bits, nulls)) as ArrayRef;
            Ok(bits.into_iter().zip(nulls(pieces, groups)).map(array).collect())
        }
        DataType::Utf8 => bytes::<Utf8Type>(pieces, groups),
        DataType::Binary => bytes::<BinaryType>(pieces, groups),
        DataType::List(element) => lists(pieces, element, groups),
        DataType::Map(entries, sorted) => {
            let maps: Vec<_> = pieces.iter().map(|p| p.as_map()).collect();
            let parts: Vec<_> =
                maps.iter().map(|m| (m.value_offsets(), Arc::new(m.entries().clone()) as ArrayRef)).collect();
            let map = |((offsets, entry_values), nulls): ((OffsetBuffer<i32>, ArrayRef), _)| {
                let values = entry_values.as_struct().clone();
                Ok(Arc::new(MapArray::try_new(entries.clone(), offsets, values, nulls, *sorted)?) as ArrayRef)
            };
            elements(&parts, groups)?.into_iter().zip(nulls(pieces, groups)).map(map).collect()
        }
        DataType::Struct(fields) => {
            let structs: Vec<_> = pieces.iter().map(|p| p.as_struct()).collect();
            let child = |at: usize| {
                let pieces: Vec<_> = structs.iter().map(|s| s.column(at).clone()).collect();
                Ok(gather(&pieces, groups)?.into_iter())
            };
            let mut children = (0..fields.len()).map(child).collect::<Result<Vec<_>>>()?;
            let part = |(rows, nulls): (&usize, _)| {
                let columns = children.iter_mut().filter_map(Iterator::next).collect();
                Ok(Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, *rows)?) as ArrayRef)
            };
            groups.sizes().iter().zip(nulls(pieces, groups)).map(part).collect()
        }
        // As wide as a decimal, and aligned as a 64-bit number; no table has a column of it.
        DataType::Interval(IntervalUnit::MonthDayNano) => picked(pieces, groups),
        other => match other.primitive_width() {
            Some(4) => fixed(pieces, groups, RowGroups::scatter32),
            Some(8) => fixed(pieces, groups, RowGroups::scatter64),
            Some(16) => fixed(pieces, groups, RowGroups::scatter128),
            _ => picked(pieces, groups),
        },
    }
}

/// Any type, by the numbers of the rows.
fn picked(pieces: &[ArrayRef], groups: &RowGroups<'_>) -> Result<Vec<ArrayRef>> {
    let all: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
    let column = concat(&all)?;
    let take = |rows| Ok(arrow_select::take::take(&column, &Int32Array::new(Vec::into(rows), None), None)?);
    let numbers: Vec<i32> = (0..column.len() as i32).collect();
    groups.scatter32(&[&numbers[..]]).into_iter().map(take).collect()
}

/// A bit a row, by group: `usual`, or the other one in the rows of `unusual`, which has the bits of each piece.
fn bits(
    groups: &RowGroups<'_>,
    usual: bool,
    unusual: &[Option<BooleanBuffer>],
    pieces: &[ArrayRef],
) -> Vec<BooleanBuffer> {
    let fill = if usual { u64::MAX } else { 0 };
    let mut all: Vec<Vec<u64>> = groups.sizes().iter().map(|rows| vec![fill; rows.div_ceil(64)]).collect();
    for (unusual, rows) in unusual.iter().zip(groups.cut(pieces.iter().map(|p| p.len()))) {
        for row in unusual.iter().flat_map(BooleanBuffer::set_indices) {
            let (group, place) = (rows.ids[row] as usize, rows.places[row] as usize);
            all[group][place / 64] ^= 1 << (place % 64);
        }
    }
    let whole = |(mut words, rows): (Vec<u64>, &usize)| {
        if let (true, Some(last)) = (rows % 64 > 0, words.last_mut()) {
            *last &= (1 << (rows % 64)) - 1;
        }
        BooleanBuffer::new(Buffer::from_vec(words), 0, *rows)
    };
    all.into_iter().zip(groups.sizes()).map(whole).collect()
}

fn nulls(pieces: &[ArrayRef], groups: &RowGroups<'_>) -> Vec<Option<NullBuffer>> {
    let null_rows = |p: &ArrayRef| p.nulls().filter(|n| n.null_count() > 0).map(|n| !n.inner());
    let null_rows: Vec<_> = pieces.iter().map(null_rows).collect();
    if null_rows.iter().all(Option::is_none) {
        return vec![None; groups.sizes().len()];
    }
    let valid = bits(groups, true, &null_rows, pieces);
    valid.into_iter().map(|bits| Some(NullBuffer::new(bits)).filter(|n| n.null_count() > 0)).collect()
}

/// The values of all pieces to those of each group.
type Scatter<'a, T> = fn(&RowGroups<'a>, &[&[T]]) -> Vec<Vec<T>>;

/// Values of one width, whatever they mean.
fn fixed<'a, T: ArrowNativeType>(
    pieces: &[ArrayRef],
    groups: &RowGroups<'a>,
    scatter: Scatter<'a, T>,
) -> Result<Vec<ArrayRef>> {
    let data: Vec<ArrayData> = pieces.iter().map(|p| p.to_data()).collect();
    let values: Vec<&[T]> = data.iter().map(|d| &d.buffer::<T>(0)[..d.len()]).collect();
    let array = |(values, nulls): (Vec<T>, _)| {
        let data = ArrayData::builder(pieces[0].data_type().clone()).len(values.len()).nulls(nulls);
        // SAFETY: as many values of the type as there are rows.
        Ok(make_array(unsafe { data.add_buffer(Buffer::from_vec(values)).build_unchecked() }))
    };
    scatter(groups, &values).into_iter().zip(nulls(pieces, groups)).map(array).collect()
}

fn bytes<T: ByteArrayType<Offset = i32>>(pieces: &[ArrayRef], groups: &RowGroups<'_>) -> Result<Vec<ArrayRef>> {
    let spans = |p| {
        let array: &GenericByteArray<T> = ArrayRef::as_bytes::<T>(p);
        Spans { offsets: array.value_offsets(), values: array.value_data() }
    };
    let spans: Vec<Spans> = pieces.iter().map(spans).collect();
    // SAFETY: those of arrays.
    let parts = unsafe { group_spans(&spans, 1, groups) }.ok_or_else(too_long)?;
    let array = |((ends, values), nulls)| {
        // SAFETY: whole values of arrays of the same type, at the offsets that were counted.
        Arc::new(unsafe { GenericByteArray::<T>::new_unchecked(offsets(ends), Buffer::from_vec(values), nulls) }) as _
    };
    Ok(parts.ends.into_iter().zip(parts.values).zip(nulls(pieces, groups)).map(array).collect())
}

fn lists(pieces: &[ArrayRef], element: &FieldRef, groups: &RowGroups<'_>) -> Result<Vec<ArrayRef>> {
    let lists: Vec<&ListArray> = pieces.iter().map(|p| p.as_list::<i32>()).collect();
    let of_groups = match element.data_type().primitive_width() {
        Some(width) if lists.iter().all(|l| l.values().null_count() == 0) => numbers(&lists, width, groups)?,
        _ => {
            let parts: Vec<_> = lists.iter().map(|l| (l.value_offsets(), l.values().clone())).collect();
            elements(&parts, groups)?
        }
    };
    let list = |((offsets, values), nulls)| {
        Ok(Arc::new(ListArray::try_new(element.clone(), offsets, values, nulls)?) as ArrayRef)
    };
    of_groups.into_iter().zip(nulls(pieces, groups)).map(list).collect()
}

type Elements = Vec<(OffsetBuffer<i32>, ArrayRef)>;

/// Lists of numbers: the elements of a list are copied as one span of bytes.
fn numbers(lists: &[&ListArray], width: usize, groups: &RowGroups<'_>) -> Result<Elements> {
    let data: Vec<ArrayData> = lists.iter().map(|l| l.values().to_data()).collect();
    let values = data.iter().map(|d| &d.buffers()[0].as_slice()[d.offset() * width..]);
    let spans: Vec<Spans> =
        lists.iter().zip(values).map(|(l, values)| Spans { offsets: l.value_offsets(), values }).collect();
    // SAFETY: those of arrays.
    let parts = unsafe { group_spans(&spans, width, groups) }.ok_or_else(too_long)?;
    let part = |(ends, values): (_, Vec<u8>)| {
        let child = ArrayData::builder(data[0].data_type().clone()).len(values.len() / width);
        // Bytes lie where the allocator puts them; numbers have an alignment.
        // SAFETY: whole elements of arrays of the same type.
        let child = unsafe { child.add_buffer(Buffer::from_vec(values)).align_buffers(true).build_unchecked() };
        Ok((offsets(ends), make_array(child)))
    };
    parts.ends.into_iter().zip(parts.values).map(part).collect()
}

/// Offsets and elements of the lists of each group.
fn elements(lists: &[(&[i32], ArrayRef)], groups: &RowGroups<'_>) -> Result<Elements> {
    let bounds = |offsets: &[i32]| (offsets[0] as usize, offsets[offsets.len() - 1] as usize);
    let shown = |(offsets, values): &(&[i32], ArrayRef)| {
        let (first, last) = bounds(offsets);
        values.slice(first, last - first)
    };
    let values: Vec<ArrayRef> = lists.iter().map(shown).collect();
    let mut ids = Vec::with_capacity(values.iter().map(|v| v.len()).sum());
    for ((offsets, _), rows) in lists.iter().zip(groups.cut(lists.iter().map(|(offsets, _)| offsets.len() - 1))) {
        for (span, id) in offsets.windows(2).zip(rows.ids) {
            ids.resize(ids.len() + (span[1] - span[0]) as usize, *id);
        }
    }
    let of_elements = RowGroups::new(&ids, groups.sizes().len());
    let ends = group_ends(&lists.iter().map(|(offsets, _)| *offsets).collect::<Vec<_>>(), groups);
    Ok(ends.ok_or_else(too_long)?.into_iter().map(offsets).zip(gather(&values, &of_elements)?).collect())
}

/// `ends`: a 0, and where each value ends.
fn offsets(ends: Vec<i32>) -> OffsetBuffer<i32> {
    // SAFETY: they grow by the lengths of values, whose sum fits.
    unsafe { OffsetBuffer::new_unchecked(ScalarBuffer::from(ends)) }
}

fn too_long() -> EngineError {
    EngineError::unsupported("a column of the rows to split by partition holds more than 2 GiB of values")
}
