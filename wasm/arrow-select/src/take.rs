//! Rows by number.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, GenericByteArray, RecordBatch, downcast_integer_array,
    make_array,
};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, MutableBuffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_data::ArrayData;
use arrow_data::transform::MutableArrayData;
use arrow_schema::{ArrowError, DataType, IntervalUnit};

/// Of the original; rows out of bounds are an error in any case.
#[derive(Clone, Debug, Default)]
pub struct TakeOptions {
    pub check_bounds: bool,
}

/// The rows whose numbers `indices` holds; a null in it makes a null.
pub fn take(values: &dyn Array, indices: &dyn Array, _: Option<TakeOptions>) -> Result<ArrayRef, ArrowError> {
    take_rows(values, &Rows::new(indices, values.len())?)
}

/// `take` on every column.
pub fn take_record_batch(batch: &RecordBatch, indices: &dyn Array) -> Result<RecordBatch, ArrowError> {
    let rows = Rows::new(indices, batch.num_rows())?;
    let columns = batch.columns().iter().map(|column| take_rows(column, &rows)).collect::<Result<Vec<_>, _>>()?;
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(indices.len()));
    RecordBatch::try_new_with_options(batch.schema(), columns, &options)
}

/// Row numbers in bounds; those of null rows are 0, which need not be a row.
struct Rows {
    at: Vec<u32>,
    nulls: Option<NullBuffer>,
}

impl Rows {
    fn new(indices: &dyn Array, len: usize) -> Result<Self, ArrowError> {
        let nulls = indices.nulls().filter(|n| n.null_count() > 0).cloned();
        let at = downcast_integer_array!(
            indices => indices.values().iter().map(|row| row.as_usize()).enumerate().map(|(i, row)| {
                match &nulls {
                    Some(nulls) if nulls.is_null(i) => Ok(0),
                    _ if row < len && row <= u32::MAX as usize => Ok(row as u32),
                    _ => Err(ArrowError::ComputeError(format!("row {row} of {len} does not exist"))),
                }
            }).collect::<Result<Vec<u32>, _>>()?,
            other => return Err(ArrowError::InvalidArgumentError(format!("{other} is no type of row numbers")))
        );
        Ok(Self { at, nulls })
    }

    /// Whether row i of the result is null.
    fn nulls(&self, values: &dyn Array) -> Option<NullBuffer> {
        let Some(source) = values.nulls().filter(|n| n.null_count() > 0) else { return self.nulls.clone() };
        let taken = BooleanBuffer::collect_bool(self.at.len(), |i| {
            self.nulls.as_ref().is_none_or(|n| n.is_valid(i)) && source.is_valid(self.at[i] as usize)
        });
        Some(NullBuffer::new(taken)).filter(|n| n.null_count() > 0)
    }
}

fn take_rows(values: &dyn Array, rows: &Rows) -> Result<ArrayRef, ArrowError> {
    // Without a row to point at, row 0 of null rows does not exist either.
    if values.is_empty() {
        return Ok(arrow_array::new_null_array(values.data_type(), rows.at.len()));
    }
    match values.data_type() {
        DataType::Boolean => {
            let source = values.as_boolean().values();
            let bits = BooleanBuffer::collect_bool(rows.at.len(), |i| source.value(rows.at[i] as usize));
            Ok(Arc::new(BooleanArray::new(bits, rows.nulls(values))))
        }
        DataType::Utf8 => bytes::<Utf8Type>(values, rows),
        DataType::Binary => bytes::<BinaryType>(values, rows),
        DataType::LargeUtf8 => bytes::<LargeUtf8Type>(values, rows),
        DataType::LargeBinary => bytes::<LargeBinaryType>(values, rows),
        DataType::FixedSizeBinary(width) => Ok(fixed(values, *width as usize, rows)),
        // As wide as a decimal, and aligned as a 64-bit number.
        DataType::Interval(IntervalUnit::MonthDayNano) => Ok(native::<IntervalMonthDayNanoType>(values, rows)),
        other => match other.primitive_width() {
            Some(1) => Ok(native::<UInt8Type>(values, rows)),
            Some(2) => Ok(native::<UInt16Type>(values, rows)),
            Some(4) => Ok(native::<UInt32Type>(values, rows)),
            Some(8) => Ok(native::<UInt64Type>(values, rows)),
            Some(16) => Ok(native::<Decimal128Type>(values, rows)),
            _ => any(values, rows),
        },
    }
}

/// Values of the width of `T`, whatever they mean.
fn native<T: ArrowPrimitiveType>(values: &dyn Array, rows: &Rows) -> ArrayRef {
    let data = values.to_data();
    let source = ScalarBuffer::<T::Native>::new(data.buffers()[0].clone(), data.offset(), data.len());
    let taken: Vec<T::Native> = rows.at.iter().map(|row| source[*row as usize]).collect();
    built(values, rows, Buffer::from_vec(taken))
}

fn fixed(values: &dyn Array, width: usize, rows: &Rows) -> ArrayRef {
    let source = values.as_fixed_size_binary();
    let mut taken = MutableBuffer::with_capacity(rows.at.len() * width);
    for row in &rows.at {
        taken.extend_from_slice(source.value(*row as usize));
    }
    built(values, rows, taken.into())
}

fn built(values: &dyn Array, rows: &Rows, buffer: Buffer) -> ArrayRef {
    let data =
        ArrayData::builder(values.data_type().clone()).len(rows.at.len()).add_buffer(buffer).nulls(rows.nulls(values));
    // SAFETY: one value of the type's width a row.
    make_array(unsafe { data.build_unchecked() })
}

fn bytes<T: ByteArrayType>(values: &dyn Array, rows: &Rows) -> Result<ArrayRef, ArrowError> {
    let source = values.as_bytes::<T>();
    let nulls = rows.nulls(values);
    let offsets = source.value_offsets();
    let span = |row: u32| offsets[row as usize].as_usize()..offsets[row as usize + 1].as_usize();
    let live = |i: usize| nulls.as_ref().is_none_or(|n| n.is_valid(i));
    let mut ends = Vec::with_capacity(rows.at.len() + 1);
    ends.push(T::Offset::default());
    let mut size = 0;
    for (i, row) in rows.at.iter().enumerate() {
        size += if live(i) { span(*row).len() } else { 0 };
        ends.push(T::Offset::from_usize(size).ok_or(ArrowError::OffsetOverflowError(size))?);
    }
    let mut taken = MutableBuffer::with_capacity(size);
    for (i, row) in rows.at.iter().enumerate() {
        if live(i) {
            taken.extend_from_slice(&source.value_data()[span(*row)]);
        }
    }
    // SAFETY: offsets that only grow, from 0.
    let ends = unsafe { OffsetBuffer::new_unchecked(ScalarBuffer::from(ends)) };
    // SAFETY: whole values of an array of the same type.
    Ok(Arc::new(unsafe { GenericByteArray::<T>::new_unchecked(ends, taken.into(), nulls) }))
}

/// Any type, in runs of rows that follow each other.
fn any(values: &dyn Array, rows: &Rows) -> Result<ArrayRef, ArrowError> {
    let data = values.to_data();
    let mut out = MutableArrayData::try_new(vec![&data], rows.nulls.is_some(), rows.at.len())?;
    let is_null = |i: usize| rows.nulls.as_ref().is_some_and(|n| n.is_null(i));
    let mut i = 0;
    while i < rows.at.len() {
        let start = i;
        i += 1;
        if is_null(start) {
            out.try_extend_nulls(1)?;
            continue;
        }
        let first = rows.at[start] as usize;
        while i < rows.at.len() && !is_null(i) && rows.at[i] as usize == first + (i - start) {
            i += 1;
        }
        out.try_extend(0, first, first + (i - start))?;
    }
    Ok(make_array(out.freeze()))
}
