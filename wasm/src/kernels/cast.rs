//! Casts of leaf columns to the types Iceberg has: lossless, or a fault that names the row and the value.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, BinaryArray, FixedSizeBinaryArray, StringArray};
use arrow_buffer::{ArrowNativeType, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_data::ArrayData;
use arrow_schema::DataType;

use super::bytes::ByteRows;
use super::fault::Failure;
use super::spread::require_room;
use super::{scalar, show};
use crate::hex;

/// How a leaf becomes its target; integers, dates and times go through 64 bits, decimals through 128.
#[derive(Debug, Clone, PartialEq)]
pub enum Cast {
    Same,
    /// The same type, whose values need not all be of it: decimals of too many digits, times outside of a day.
    Checked,
    IntToInt,
    IntToFloat,
    IntToDecimal {
        precision: u8,
        scale: i8,
    },
    FloatToFloat,
    FloatToInt,
    /// Moves the unscaled value by `shift` digits.
    Decimal {
        shift: i32,
        precision: u8,
    },
    DecimalToInt {
        shift: i32,
    },
    /// Dates, times and timestamps: another unit.
    Ticks {
        multiply: i64,
        divide: i64,
    },
    Bytes,
    BinaryToText,
    TextToUuid,
}

type Result<T> = std::result::Result<T, Failure>;

/// `mask`: the rows that matter (under a null parent there may be anything). Nulls stay null.
pub fn run(cast: &Cast, array: &ArrayRef, target: &DataType, mask: Option<&NullBuffer>) -> Result<ArrayRef> {
    let nulls = array.nulls().filter(|n| n.null_count() > 0).cloned();
    let live = NullBuffer::union(nulls.as_ref(), mask);
    let step = Step { array, target, nulls, live };
    match cast {
        Cast::Same => Ok(array.clone()),
        Cast::Checked => step.checked(),
        Cast::IntToInt | Cast::Ticks { .. } | Cast::IntToFloat | Cast::IntToDecimal { .. } => step.cast_ints(cast),
        Cast::FloatToFloat | Cast::FloatToInt => step.cast_floats(),
        Cast::Decimal { shift, precision } => {
            let values = step.decimals(*shift, *precision)?;
            step.finish(values)
        }
        Cast::DecimalToInt { shift } => {
            // Every integer column is narrower than 38 digits; what does not fit 64 bits is a fault below.
            let wide = step.decimals(*shift, 38)?;
            step.to_int(&wide, |v| i64::try_from(v).ok())
        }
        Cast::Bytes => step.bytes(|_| true),
        Cast::BinaryToText => step.bytes(|b| std::str::from_utf8(b).is_ok()),
        Cast::TextToUuid => step.uuids(),
    }
}

struct Step<'a> {
    array: &'a ArrayRef,
    target: &'a DataType,
    nulls: Option<NullBuffer>,
    /// Rows that are not null and matter.
    live: Option<NullBuffer>,
}

impl Step<'_> {
    fn is_live(&self, row: usize) -> bool {
        self.live.as_ref().is_none_or(|l| l.is_valid(row))
    }

    fn fault(&self, row: usize) -> Failure {
        let value = show::value(self.array, row);
        Failure::at(row, format!("{value} cannot be stored as {} without loss", super::plan::type_name(self.target)))
    }

    /// Casts all slots at once; only when some slot did not fit does it matter which of them are live.
    fn map<S: Copy, T: Default>(&self, source: &[S], cast: impl Fn(S) -> Option<T>) -> Result<Vec<T>> {
        let mut all = true;
        let out = source.iter().map(|v| {
            cast(*v).unwrap_or_else(|| {
                all = false;
                T::default()
            })
        });
        let out: Vec<T> = out.collect();
        if !all && let Some(row) = (0..source.len()).find(|i| self.is_live(*i) && cast(source[*i]).is_none()) {
            return Err(self.fault(row));
        }
        Ok(out)
    }

    /// Builds the target from its values; the target's width is that of `T`.
    fn finish<T: ArrowNativeType>(&self, values: impl Into<ScalarBuffer<T>>) -> Result<ArrayRef> {
        let values: ScalarBuffer<T> = values.into();
        let data = ArrayData::builder(self.target.clone())
            .len(self.array.len())
            .add_buffer(values.into_inner())
            .nulls(self.nulls.clone());
        Ok(arrow_array::make_array(data.build()?))
    }

    fn primitive<T: ArrowPrimitiveType>(&self) -> &[T::Native] {
        self.array.as_primitive::<T>().values()
    }

    fn widen<T: ArrowPrimitiveType>(&self) -> ScalarBuffer<i64>
    where
        i64: From<T::Native>,
    {
        self.primitive::<T>().iter().map(|v| i64::from(*v)).collect()
    }

    /// The ticks or integers of the column; None: u64, whose upper half does not fit.
    fn ints(&self) -> Option<ScalarBuffer<i64>> {
        Some(match self.array.data_type() {
            DataType::Int8 => self.widen::<Int8Type>(),
            DataType::Int16 => self.widen::<Int16Type>(),
            DataType::UInt8 => self.widen::<UInt8Type>(),
            DataType::UInt16 => self.widen::<UInt16Type>(),
            DataType::UInt32 => self.widen::<UInt32Type>(),
            DataType::UInt64 => return None,
            // What is left is 32 or 64 bits of a signed count.
            other => {
                let data = self.array.to_data();
                let (buffer, offset, len) = (data.buffers()[0].clone(), data.offset(), data.len());
                if other.primitive_width() == Some(4) {
                    ScalarBuffer::<i32>::new(buffer, offset, len).iter().map(|v| i64::from(*v)).collect()
                } else {
                    ScalarBuffer::new(buffer, offset, len)
                }
            }
        })
    }

    fn cast_ints(&self, cast: &Cast) -> Result<ArrayRef> {
        let Some(ints) = self.ints() else { return self.cast_u64(cast) };
        match (cast, self.target) {
            (Cast::IntToFloat, DataType::Float32) => self.finish(self.map(&ints, scalar::i64_to_f32)?),
            (Cast::IntToFloat, _) => self.finish(self.map(&ints, scalar::i64_to_f64)?),
            (Cast::IntToDecimal { precision, scale }, _) => {
                self.finish(self.map(&ints, |v| scalar::rescale(v.into(), (*scale).into(), *precision))?)
            }
            (Cast::Ticks { multiply, divide }, DataType::Time64(_)) => {
                let micros = |v| scalar::rescale_ticks(v, *multiply, *divide).filter(|v| scalar::in_day(*v));
                self.finish(self.map(&ints, micros)?)
            }
            (Cast::Ticks { multiply, divide }, _) => {
                self.to_int(&ints, |v| scalar::rescale_ticks(v, *multiply, *divide))
            }
            _ if self.target.primitive_width() == Some(8) => self.finish(ints),
            _ => self.to_int(&ints, Some),
        }
    }

    fn cast_u64(&self, cast: &Cast) -> Result<ArrayRef> {
        let values = self.primitive::<UInt64Type>();
        if let Cast::IntToDecimal { precision, scale } = cast {
            return self.finish(self.map(values, |v| scalar::rescale(v.into(), (*scale).into(), *precision))?);
        }
        match self.target {
            DataType::Float32 => self.finish(self.map(values, |v| scalar::u64_to_f64(v).and_then(scalar::f64_to_f32))?),
            DataType::Float64 => self.finish(self.map(values, scalar::u64_to_f64)?),
            _ => self.to_int(values, |v| i64::try_from(v).ok()),
        }
    }

    /// To an integer or a date: 32 or 64 bits.
    fn to_int<S: Copy>(&self, values: &[S], cast: impl Fn(S) -> Option<i64>) -> Result<ArrayRef> {
        if self.target.primitive_width() == Some(4) {
            self.finish(self.map(values, |v| cast(v).and_then(scalar::to_i32))?)
        } else {
            self.finish(self.map(values, cast)?)
        }
    }

    fn cast_floats(&self) -> Result<ArrayRef> {
        let doubles: ScalarBuffer<f64> = match self.array.data_type() {
            DataType::Float16 => self.primitive::<Float16Type>().iter().map(|v| v.to_f64()).collect(),
            DataType::Float32 => self.primitive::<Float32Type>().iter().map(|v| f64::from(*v)).collect(),
            _ => self.array.as_primitive::<Float64Type>().values().clone(),
        };
        match self.target {
            DataType::Float32 => self.finish(self.map(&doubles, scalar::f64_to_f32)?),
            DataType::Float64 => self.finish(doubles),
            _ => self.to_int(&doubles, scalar::f64_to_i64),
        }
    }

    fn checked(&self) -> Result<ArrayRef> {
        let bad = match self.target {
            DataType::Decimal128(precision, _) => {
                let limit = scalar::pow10((*precision).into()).unwrap_or(i128::MAX);
                self.first_live(self.primitive::<Decimal128Type>(), |v| -limit < v && v < limit)
            }
            _ => self.first_live(self.primitive::<Time64MicrosecondType>(), scalar::in_day),
        };
        bad.map_or_else(|| Ok(self.array.clone()), |row| Err(self.fault(row)))
    }

    /// The first row that matters whose value is not as it should be.
    fn first_live<T: Copy>(&self, values: &[T], fits: impl Fn(T) -> bool) -> Option<usize> {
        if values.iter().all(|v| fits(*v)) {
            return None;
        }
        (0..values.len()).find(|row| self.is_live(*row) && !fits(values[*row]))
    }

    fn decimals(&self, shift: i32, precision: u8) -> Result<Vec<i128>> {
        let narrow = |v: i128| scalar::rescale(v, shift, precision);
        match self.array.data_type() {
            DataType::Decimal32(..) => self.map(self.primitive::<Decimal32Type>(), |v| narrow(v.into())),
            DataType::Decimal64(..) => self.map(self.primitive::<Decimal64Type>(), |v| narrow(v.into())),
            DataType::Decimal128(..) => self.map(self.primitive::<Decimal128Type>(), narrow),
            _ => self.map(self.primitive::<Decimal256Type>(), |v| scalar::rescale_wide(v, shift, precision)),
        }
    }

    /// To text, binary or a fixed number of bytes.
    fn bytes(&self, fits: impl Fn(&[u8]) -> bool) -> Result<ArrayRef> {
        let Some(rows) = ByteRows::of(self.array) else { return Err(self.fault(0)) };
        let len = self.array.len();
        let width = match self.target {
            DataType::FixedSizeBinary(width) => Some(*width as usize),
            _ => None,
        };
        // Of values without bytes there may be any number.
        if matches!(rows, ByteRows::Fixed(0, _)) {
            require_room(len as u64 * size_of::<i32>() as u64, len)?;
        }
        let mut offsets = Vec::with_capacity(len + 1);
        let mut total = 0usize;
        offsets.push(0);
        for row in 0..len {
            if self.is_live(row) {
                let size = rows.len_of(row);
                if width.is_some_and(|w| w != size) || !fits(rows.get(row)) {
                    return Err(self.fault(row));
                }
                total += size;
            }
            let end =
                i32::try_from(total).map_err(|_| Failure::at(row, "the column holds more than 2 GiB in one batch"))?;
            offsets.push(end);
        }
        let mut values = Vec::with_capacity(width.map_or(total, |w| w * len));
        for row in 0..len {
            match (self.is_live(row), width) {
                (true, _) => values.extend_from_slice(rows.get(row)),
                (false, Some(width)) => values.resize(values.len() + width, 0),
                (false, None) => {}
            }
        }
        let values = Buffer::from(values);
        if let Some(width) = width {
            return Ok(Arc::new(FixedSizeBinaryArray::try_new(width as i32, values, self.nulls.clone())?));
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        if matches!(self.target, DataType::Binary) {
            return Ok(Arc::new(BinaryArray::try_new(offsets, values, self.nulls.clone())?));
        }
        // SAFETY: every row is UTF-8, as its source's type says or as `fits` has checked.
        Ok(Arc::new(unsafe { StringArray::new_unchecked(offsets, values, self.nulls.clone()) }))
    }

    fn uuids(&self) -> Result<ArrayRef> {
        let Some(rows) = ByteRows::of(self.array) else { return Err(self.fault(0)) };
        let mut values = vec![0u8; 16 * self.array.len()];
        for (row, slot) in values.chunks_exact_mut(16).enumerate() {
            if self.is_live(row) {
                let text = rows.get(row);
                let Some(uuid) = hex::uuid(text) else {
                    return Err(Failure::at(row, format!("{} is not a UUID", show::value(self.array, row))));
                };
                slot.copy_from_slice(&uuid);
            }
        }
        Ok(Arc::new(FixedSizeBinaryArray::try_new(16, values.into(), self.nulls.clone())?))
    }
}
