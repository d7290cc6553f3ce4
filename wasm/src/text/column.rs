//! A column that is being built, which can be taken back to an earlier length when its row turns out bad.

use std::sync::Arc;

use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int32Type, Int64Type, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, FixedSizeBinaryArray, ListArray, MapArray, NullArray,
    PrimitiveArray, StringArray, StructArray,
};
use arrow_buffer::{BooleanBufferBuilder, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, FieldRef, TimeUnit};

use super::double;
use super::parse::{self, Reason};
use super::plain::Plain;
use super::swar;
use super::validity::Validity;
use crate::error::{EngineError, Result};
use crate::schema_json::extension;

pub enum Data {
    Null,
    Bool(BooleanBufferBuilder),
    I32(Vec<i32>),
    I64(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    I128(Vec<i128>),
    Text { ends: Vec<i32>, bytes: Vec<u8> },
    Bytes { ends: Vec<i32>, bytes: Vec<u8> },
    Fixed { width: usize, bytes: Vec<u8> },
    List { ends: Vec<i32>, element: Box<Column> },
    Struct(Vec<Column>),
    Map { ends: Vec<i32>, key: Box<Column>, value: Box<Column> },
}

pub struct Column {
    field: FieldRef,
    valid: Validity,
    is_uuid: bool,
    pub data: Data,
}

impl Column {
    pub fn new(field: &FieldRef) -> Result<Self> {
        let data = match field.data_type() {
            DataType::Null => Data::Null,
            DataType::Boolean => Data::Bool(BooleanBufferBuilder::new(0)),
            DataType::Int32 | DataType::Date32 => Data::I32(Vec::new()),
            DataType::Int64
            | DataType::Timestamp(..)
            | DataType::Time64(TimeUnit::Microsecond | TimeUnit::Nanosecond) => Data::I64(Vec::new()),
            DataType::Float32 => Data::F32(Vec::new()),
            DataType::Float64 => Data::F64(Vec::new()),
            DataType::Decimal128(..) => Data::I128(Vec::new()),
            DataType::Utf8 => Data::Text { ends: Vec::new(), bytes: Vec::new() },
            DataType::Binary => Data::Bytes { ends: Vec::new(), bytes: Vec::new() },
            DataType::FixedSizeBinary(width) => {
                Data::Fixed { width: usize::try_from(*width).unwrap_or(0), bytes: Vec::new() }
            }
            DataType::List(element) => Data::List { ends: Vec::new(), element: Box::new(Column::new(element)?) },
            DataType::Struct(fields) => Data::Struct(fields.iter().map(Column::new).collect::<Result<_>>()?),
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(pair) if pair.len() == 2 => Data::Map {
                    ends: Vec::new(),
                    key: Box::new(Column::new(&pair[0])?),
                    value: Box::new(Column::new(&pair[1])?),
                },
                _ => return Err(unsupported(field)),
            },
            _ => return Err(unsupported(field)),
        };
        let is_uuid = matches!(data, Data::Fixed { width: 16, .. }) && extension(field) == Some("arrow.uuid");
        Ok(Self { field: field.clone(), valid: Validity::default(), is_uuid, data })
    }

    pub fn field(&self) -> &Field {
        &self.field
    }

    pub fn len(&self) -> usize {
        self.valid.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its values have one text each.
    #[inline]
    pub fn is_flat(&self) -> bool {
        !matches!(self.data, Data::List { .. } | Data::Struct(_) | Data::Map { .. })
    }

    /// About what the values take, from the data alone.
    pub fn bytes(&self) -> usize {
        match &self.data {
            Data::Null => 0,
            Data::Bool(values) => values.len() / 8,
            Data::I32(values) => values.len() * 4,
            Data::I64(values) => values.len() * 8,
            Data::F32(values) => values.len() * 4,
            Data::F64(values) => values.len() * 8,
            Data::I128(values) => values.len() * 16,
            Data::Text { ends, bytes } | Data::Bytes { ends, bytes } => ends.len() * 4 + bytes.len(),
            Data::Fixed { bytes, .. } => bytes.len(),
            Data::List { ends, element } => ends.len() * 4 + element.bytes(),
            Data::Struct(children) => children.iter().map(Column::bytes).sum(),
            Data::Map { ends, key, value } => ends.len() * 4 + key.bytes() + value.bytes(),
        }
    }

    /// Makes room for `times` as many bytes of text: to grow to the double would need more, and twice.
    pub fn make_room(&mut self, times: f64) {
        if let Data::Text { bytes, .. } | Data::Bytes { bytes, .. } = &mut self.data {
            let room = with_margin((bytes.len() as f64 * times) as usize);
            if bytes.capacity() < room {
                bytes.reserve_exact(room - bytes.len());
            }
        }
    }

    pub fn push_null(&mut self) -> std::result::Result<(), Reason> {
        if !self.field.is_nullable() {
            return Err("null or missing, and the column is required".into());
        }
        self.push_hollow();
        Ok(())
    }

    /// A null, or what stands under a null parent.
    fn push_hollow(&mut self) {
        match &mut self.data {
            Data::Null => {}
            Data::Bool(values) => values.append(false),
            Data::I32(values) => values.push(0),
            Data::I64(values) => values.push(0),
            Data::F32(values) => values.push(0.0),
            Data::F64(values) => values.push(0.0),
            Data::I128(values) => values.push(0),
            Data::Text { ends, bytes } | Data::Bytes { ends, bytes } => ends.push(bytes.len() as i32),
            Data::Fixed { width, bytes } => bytes.resize(bytes.len() + *width, 0),
            Data::List { ends, element } => ends.push(element.len() as i32),
            Data::Struct(children) => children.iter_mut().for_each(Column::push_hollow),
            Data::Map { ends, key, .. } => ends.push(key.len() as i32),
        }
        self.valid.push_null();
    }

    /// A value of a flat column from its text.
    #[inline]
    pub fn push_text(&mut self, text: &str) -> std::result::Result<(), Reason> {
        let Data::Text { ends, bytes } = &mut self.data else { return self.push_parsed(text) };
        swar::append(bytes, text.as_bytes());
        push_end(ends, bytes)?;
        self.valid.push_valid();
        Ok(())
    }

    fn push_parsed(&mut self, text: &str) -> std::result::Result<(), Reason> {
        let data_type = self.field.data_type();
        // Text itself keeps the spaces around it.
        let text = parse::trimmed(text);
        match &mut self.data {
            Data::Bool(values) => values.append(parse::boolean(text)?),
            Data::I32(values) => values.push(match data_type {
                DataType::Date32 => parse::date(text)?,
                _ => parse::int(text)?,
            }),
            Data::I64(values) => values.push(match data_type {
                DataType::Timestamp(unit, zone) => parse::timestamp(text, *unit, zone.is_some())?,
                DataType::Time64(unit) => parse::time_of_day(text, *unit)?,
                _ => parse::long(text)?,
            }),
            Data::F32(values) => values.push(parse::float(text)?),
            Data::F64(values) => values.push(parse::double(text)?),
            Data::I128(values) => match data_type {
                DataType::Decimal128(precision, scale) => values.push(parse::decimal(text, *precision, *scale)?),
                _ => return Err("not a decimal column".into()),
            },
            Data::Bytes { ends, bytes } => {
                parse::hex(text, bytes)?;
                push_end(ends, bytes)?;
            }
            Data::Fixed { bytes, .. } if self.is_uuid => bytes.extend(parse::uuid(text)?),
            Data::Fixed { width, bytes } => {
                let start = bytes.len();
                parse::hex(text, bytes)?;
                if bytes.len() - start != *width {
                    let found = bytes.len() - start;
                    bytes.truncate(start);
                    return Err(format!("{} holds {found} bytes, the column {width}", parse::shown(text)));
                }
            }
            Data::Null => return Err(format!("{} where the column has no type but null", parse::shown(text))),
            Data::Text { .. } | Data::List { .. } | Data::Struct(_) | Data::Map { .. } => {
                return Err(format!("{} is not a nested value", parse::shown(text)));
            }
        }
        self.valid.push_valid();
        Ok(())
    }

    /// A number, when it fits a column of numbers as it is; false: its text says more, or what is wrong with it.
    #[inline]
    pub fn push_plain(&mut self, number: Plain) -> bool {
        let data_type = self.field.data_type();
        match (&mut self.data, data_type) {
            (Data::I64(values), DataType::Int64) => match number.whole() {
                Some(value) => values.push(value),
                None => return false,
            },
            (Data::F64(values), _) => match double::nearest(number.digits, number.scale) {
                Some(value) => values.push(if number.negative { -value } else { value }),
                None => return false,
            },
            (Data::I32(values), DataType::Int32) => match number.whole().and_then(|value| value.try_into().ok()) {
                Some(value) => values.push(value),
                None => return false,
            },
            (Data::I128(values), DataType::Decimal128(precision, scale)) => match number.decimal(*precision, *scale) {
                Some(value) => values.push(value),
                None => return false,
            },
            _ => return false,
        }
        self.valid.push_valid();
        true
    }

    /// A value of a flat column from a text that fits as it is; false: `push_text` says more, or what is wrong with it.
    #[inline(always)]
    pub fn push_plain_text(&mut self, text: &str) -> bool {
        match (&mut self.data, self.field.data_type()) {
            (Data::Text { ends, bytes }, _) => {
                let Ok(end) = i32::try_from(bytes.len() + text.len()) else { return false };
                swar::append(bytes, text.as_bytes());
                ends.push(end);
            }
            (Data::I64(values), DataType::Timestamp(unit, zone)) => {
                match parse::timestamp(text, *unit, zone.is_some()) {
                    Ok(value) => values.push(value),
                    Err(_) => return false,
                }
            }
            _ => return self.push_parsed(text).is_ok(),
        }
        self.valid.push_valid();
        true
    }

    /// A value of a date, time or timestamp column in its own unit (days, or what the type says) since the epoch.
    pub fn push_units(&mut self, units: i64) -> std::result::Result<(), Reason> {
        match &mut self.data {
            Data::I32(values) => {
                values.push(i32::try_from(units).map_err(|_| format!("{units} days do not fit into a date"))?);
            }
            Data::I64(values) => values.push(units),
            _ => return Err(format!("{units} is not a value of the column")),
        }
        self.valid.push_valid();
        Ok(())
    }

    /// Marks the value whose parts were pushed into the children as there.
    pub fn close_nested(&mut self) -> std::result::Result<(), Reason> {
        let whole = |length: usize| i32::try_from(length).map_err(|_| "the batch holds too many elements".to_string());
        match &mut self.data {
            Data::List { ends, element } => ends.push(whole(element.len())?),
            Data::Map { ends, key, .. } => ends.push(whole(key.len())?),
            _ => {}
        }
        self.valid.push_valid();
        Ok(())
    }

    /// Drops what was pushed after the first `length` values, also of values that were not finished.
    pub fn truncate(&mut self, length: usize) {
        let upto = |ends: &Vec<i32>| length.checked_sub(1).map_or(0, |last| ends[last] as usize);
        self.valid.truncate(length);
        match &mut self.data {
            Data::Null => {}
            Data::Bool(values) => values.truncate(length),
            Data::I32(values) => values.truncate(length),
            Data::I64(values) => values.truncate(length),
            Data::F32(values) => values.truncate(length),
            Data::F64(values) => values.truncate(length),
            Data::I128(values) => values.truncate(length),
            Data::Text { ends, bytes } | Data::Bytes { ends, bytes } => {
                ends.truncate(length);
                bytes.truncate(upto(ends));
            }
            Data::Fixed { width, bytes } => bytes.truncate(length * *width),
            Data::List { ends, element } => {
                ends.truncate(length);
                element.truncate(upto(ends));
            }
            Data::Struct(children) => children.iter_mut().for_each(|child| child.truncate(length)),
            Data::Map { ends, key, value } => {
                ends.truncate(length);
                let upto = upto(ends);
                key.truncate(upto);
                value.truncate(upto);
            }
        }
    }

    /// The array of all values; the column starts anew.
    pub fn finish(&mut self) -> Result<ArrayRef> {
        let length = self.len();
        let nulls = self.valid.finish();
        let data_type = self.field.data_type().clone();
        Ok(match (&mut self.data, &data_type) {
            (Data::Null, _) => Arc::new(NullArray::new(length)),
            (Data::Bool(values), _) => Arc::new(BooleanArray::new(values.finish(), nulls)),
            (Data::I32(values), DataType::Date32) => primitive::<Date32Type>(values, nulls, data_type)?,
            (Data::I32(values), _) => primitive::<Int32Type>(values, nulls, data_type)?,
            (Data::I64(values), DataType::Timestamp(unit, _)) => match unit {
                TimeUnit::Second => primitive::<TimestampSecondType>(values, nulls, data_type)?,
                TimeUnit::Millisecond => primitive::<TimestampMillisecondType>(values, nulls, data_type)?,
                TimeUnit::Microsecond => primitive::<TimestampMicrosecondType>(values, nulls, data_type)?,
                TimeUnit::Nanosecond => primitive::<TimestampNanosecondType>(values, nulls, data_type)?,
            },
            (Data::I64(values), DataType::Time64(TimeUnit::Nanosecond)) => {
                primitive::<Time64NanosecondType>(values, nulls, data_type)?
            }
            (Data::I64(values), DataType::Time64(_)) => primitive::<Time64MicrosecondType>(values, nulls, data_type)?,
            (Data::I64(values), _) => primitive::<Int64Type>(values, nulls, data_type)?,
            (Data::F32(values), _) => primitive::<Float32Type>(values, nulls, data_type)?,
            (Data::F64(values), _) => primitive::<Float64Type>(values, nulls, data_type)?,
            (Data::I128(values), _) => primitive::<Decimal128Type>(values, nulls, data_type)?,
            (Data::Text { ends, bytes }, _) => {
                let values = Buffer::from_vec(renewed_bytes(bytes));
                Arc::new(StringArray::try_new(offsets(ends), values, nulls)?)
            }
            (Data::Bytes { ends, bytes }, _) => {
                let values = Buffer::from_vec(renewed_bytes(bytes));
                Arc::new(BinaryArray::try_new(offsets(ends), values, nulls)?)
            }
            (Data::Fixed { width, bytes }, _) => {
                let values = Buffer::from_vec(renewed_bytes(bytes));
                Arc::new(FixedSizeBinaryArray::try_new(*width as i32, values, nulls)?)
            }
            (Data::List { ends, element }, DataType::List(field)) => {
                let values = element.finish()?;
                Arc::new(ListArray::try_new(field.clone(), offsets(ends), values, nulls)?)
            }
            (Data::Struct(children), DataType::Struct(fields)) if !fields.is_empty() => {
                let arrays = children.iter_mut().map(Column::finish).collect::<Result<Vec<_>>>()?;
                Arc::new(StructArray::try_new(fields.clone(), arrays, nulls)?)
            }
            (Data::Struct(_), _) => Arc::new(StructArray::new_empty_fields(length, nulls)),
            (Data::Map { ends, key, value }, DataType::Map(entries, sorted)) => {
                let DataType::Struct(pair) = entries.data_type() else { return Err(unsupported(&self.field)) };
                let pairs = StructArray::try_new(pair.clone(), vec![key.finish()?, value.finish()?], None)?;
                Arc::new(MapArray::try_new(entries.clone(), offsets(ends), pairs, nulls, *sorted)?)
            }
            _ => return Err(unsupported(&self.field)),
        })
    }
}

#[inline]
fn push_end(ends: &mut Vec<i32>, bytes: &[u8]) -> std::result::Result<(), Reason> {
    ends.push(i32::try_from(bytes.len()).map_err(|_| "the batch holds more than 2 GiB of text")?);
    Ok(())
}

fn primitive<T: ArrowPrimitiveType>(
    values: &mut Vec<T::Native>,
    nulls: Option<NullBuffer>,
    data_type: DataType,
) -> Result<ArrayRef> {
    let values = ScalarBuffer::from(renewed(values));
    Ok(Arc::new(PrimitiveArray::<T>::try_new(values, nulls)?.with_data_type(data_type)))
}

/// The values, in no more memory than they need: rows that wait are charged by their values. There is room for as many
/// again, as batches are alike.
fn renewed<T>(values: &mut Vec<T>) -> Vec<T> {
    values.shrink_to_fit();
    let room = Vec::with_capacity(values.len());
    std::mem::replace(values, room)
}

/// The same for bytes of texts.
fn renewed_bytes(bytes: &mut Vec<u8>) -> Vec<u8> {
    bytes.shrink_to_fit();
    let room = Vec::with_capacity(with_margin(bytes.len()));
    std::mem::replace(bytes, room)
}

/// Bytes of texts in batches that are alike are a few more or less.
fn with_margin(bytes: usize) -> usize {
    bytes + bytes / 8
}

fn offsets(ends: &mut Vec<i32>) -> OffsetBuffer<i32> {
    let mut all = Vec::with_capacity(ends.len() + 1);
    all.push(0);
    all.append(ends);
    OffsetBuffer::new(all.into())
}

fn unsupported(field: &Field) -> EngineError {
    EngineError::unsupported(format!("a text source cannot be read into a column of type {}", field.data_type()))
        .at_column(field.name().clone())
}
