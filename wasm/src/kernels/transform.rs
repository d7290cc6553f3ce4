//! Partition transforms (spec: Partition Transforms) on columns.

use std::fmt;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};
use arrow_select::concat::concat;
use icestream_routing::{Buckets, hash_bytes, hash_long};

use super::bytes::ByteRows;
use super::keys::{Form, KeyColumn, Keys};
use super::{civil, plan};
use crate::error::{EngineError, Result};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Transform {
    Identity,
    Bucket(i32),
    Truncate(i32),
    Year,
    Month,
    Day,
    Hour,
    Void,
}

impl Transform {
    /// From its name in a partition spec.
    pub fn parse(text: &str) -> Result<Self> {
        let argument = |name: &str| -> Option<i32> {
            let n = text.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?.trim().parse().ok()?;
            (n > 0).then_some(n)
        };
        match text {
            "identity" => Ok(Self::Identity),
            "year" => Ok(Self::Year),
            "month" => Ok(Self::Month),
            "day" => Ok(Self::Day),
            "hour" => Ok(Self::Hour),
            "void" => Ok(Self::Void),
            _ => argument("bucket").map(Self::Bucket).or_else(|| argument("truncate").map(Self::Truncate)).ok_or_else(
                || {
                    EngineError::unsupported(format!(
                        "partition transform \"{text}\" is not known to this version; nothing may be written with it"
                    ))
                },
            ),
        }
    }

    /// The partition values of a column, which lies in pieces. `nulls`: its own and those of the structs it is in.
    pub fn apply(self, pieces: &[ArrayRef], nulls: Option<NullBuffer>) -> Result<KeyColumn> {
        let data_type = pieces[0].data_type();
        let keyed = match self {
            Self::Void => Some((Keys::Void, Form::Bytes)),
            Self::Identity => identity(pieces)?,
            Self::Bucket(count) => bucket(pieces, count),
            Self::Truncate(width) => truncate(pieces, width)?,
            Self::Year => by_date(pieces, |days| civil::date_of(days).0 - 1970),
            Self::Month => by_date(pieces, |days| {
                let (year, month, _) = civil::date_of(days);
                (year - 1970) * 12 + i64::from(month) - 1
            }),
            Self::Day => by_date(pieces, |days| days),
            Self::Hour => match ticks_per_day(data_type) {
                Some(per_day) if per_day > 1 => {
                    Some((Keys::Ints(map64(pieces, |t| t.div_euclid(per_day / 24))), Form::Int32))
                }
                _ => None,
            },
        };
        match keyed {
            Some((keys, form)) => Ok(KeyColumn { keys, form, nulls: nulls.filter(|n| n.null_count() > 0) }),
            None => Err(EngineError::invalid_argument(format!(
                "partition transform {self} does not apply to {}",
                plan::type_name(data_type)
            ))),
        }
    }
}

impl fmt::Display for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => f.write_str("identity"),
            Self::Bucket(count) => write!(f, "bucket[{count}]"),
            Self::Truncate(width) => write!(f, "truncate[{width}]"),
            Self::Year => f.write_str("year"),
            Self::Month => f.write_str("month"),
            Self::Day => f.write_str("day"),
            Self::Hour => f.write_str("hour"),
            Self::Void => f.write_str("void"),
        }
    }
}

type Keyed = Option<(Keys, Form)>;

fn rows(pieces: &[ArrayRef]) -> usize {
    pieces.iter().map(|piece| piece.len()).sum()
}

/// A column of 64-bit counts, mapped.
fn map64<T>(pieces: &[ArrayRef], f: impl Fn(i64) -> T) -> Vec<T> {
    let mut all = Vec::with_capacity(rows(pieces));
    for data in pieces.iter().map(|piece| piece.to_data()) {
        all.extend(data.buffer::<i64>(0)[..data.len()].iter().map(|v| f(*v)));
    }
    all
}

/// A column of 32-bit counts, mapped.
fn map32<T>(pieces: &[ArrayRef], f: impl Fn(i64) -> T) -> Vec<T> {
    let mut all = Vec::with_capacity(rows(pieces));
    for data in pieces.iter().map(|piece| piece.to_data()) {
        all.extend(data.buffer::<i32>(0)[..data.len()].iter().map(|v| f(i64::from(*v))));
    }
    all
}

/// A column of another type, mapped.
fn map<'a, A, V, T>(pieces: &'a [ArrayRef], values: impl Fn(&'a ArrayRef) -> A, f: impl Fn(V) -> T) -> Vec<T>
where
    A: IntoIterator<Item = V> + 'a,
{
    let mut all = Vec::with_capacity(rows(pieces));
    for piece in pieces {
        all.extend(values(piece).into_iter().map(&f));
    }
    all
}

/// One array of all.
fn joined(pieces: &[ArrayRef]) -> Result<ArrayRef> {
    match pieces {
        [only] => Ok(only.clone()),
        _ => Ok(concat(&pieces.iter().map(AsRef::as_ref).collect::<Vec<_>>())?),
    }
}

fn identity(pieces: &[ArrayRef]) -> Result<Keyed> {
    use DataType::*;
    Ok(Some(match pieces[0].data_type() {
        Boolean => (Keys::Ints(map(pieces, |p| p.as_boolean().values(), i64::from)), Form::Bool),
        Int32 | Date32 => (Keys::Ints(map32(pieces, |v| v)), Form::Int32),
        Int64 | Time64(_) | Timestamp(..) => (Keys::Ints(map64(pieces, |v| v)), Form::Int64),
        // Java compares these by Float.compare: one NaN, and -0.0 is not 0.0.
        Float32 => {
            let bits = |v: &f32| i64::from(if v.is_nan() { f32::NAN.to_bits() & 0x7fff_ffff } else { v.to_bits() });
            (Keys::Ints(map(pieces, |p| p.as_primitive::<Float32Type>().values(), bits)), Form::Float32)
        }
        Float64 => {
            let bits = |v: &f64| (if v.is_nan() { f64::NAN.to_bits() & (u64::MAX >> 1) } else { v.to_bits() }) as i64;
            (Keys::Ints(map(pieces, |p| p.as_primitive::<Float64Type>().values(), bits)), Form::Float64)
        }
        Decimal128(..) => decimals(pieces, |v| v),
        _ => {
            if ByteRows::of(&pieces[0]).is_none() {
                return Ok(None);
            }
            (Keys::Bytes { column: joined(pieces)?, ends: None }, Form::Bytes)
        }
    }))
}

fn decimals(pieces: &[ArrayRef], f: impl Fn(i128) -> i128) -> (Keys, Form) {
    // 18 digits and what most tables hold fit 64 bits, which group faster.
    let fits = |v: &i128| i64::try_from(f(*v)).is_ok();
    let keys = if pieces.iter().all(|p| decimal(p).iter().all(fits)) {
        Keys::Ints(map(pieces, decimal, |v| f(*v) as i64))
    } else {
        Keys::Wide(map(pieces, decimal, |v| f(*v)))
    };
    (keys, Form::Decimal)
}

fn decimal(piece: &ArrayRef) -> &ScalarBuffer<i128> {
    piece.as_primitive::<Decimal128Type>().values()
}

fn bucket(pieces: &[ArrayRef], count: i32) -> Keyed {
    use DataType::*;
    let buckets = Buckets::new(count);
    let numbers = match pieces[0].data_type() {
        Int32 | Date32 => map32(pieces, |v| buckets.of(hash_long(v))),
        Int64 | Time64(TimeUnit::Microsecond) | Timestamp(TimeUnit::Microsecond, _) => {
            let mut all = Vec::with_capacity(rows(pieces));
            for data in pieces.iter().map(|piece| piece.to_data()) {
                buckets.push_longs(&data.buffer::<i64>(0)[..data.len()], &mut all);
            }
            all
        }
        // Nanoseconds hash as the microsecond they are in, so that a promoted column keeps its buckets.
        Timestamp(TimeUnit::Nanosecond, _) => map64(pieces, |v| buckets.of(hash_long(v.div_euclid(1_000)))),
        Decimal128(..) => map(pieces, decimal, |v| buckets.of(hash_bytes(shortest(&v.to_be_bytes())))),
        _ => {
            let mut all = Vec::with_capacity(rows(pieces));
            for piece in pieces {
                let values = ByteRows::of(piece)?;
                all.extend((0..piece.len()).map(|i| buckets.of(hash_bytes(values.get(i)))));
            }
            all
        }
    };
    Some((Keys::Buckets { numbers, count: buckets.count() }, Form::Int32))
}

/// Two's complement, big-endian, without the leading bytes that only repeat the sign.
pub fn shortest(bytes: &[u8; 16]) -> &[u8] {
    let mut start = 0;
    while start < 15
        && (bytes[start] == 0 && bytes[start + 1] < 0x80 || bytes[start] == 0xff && bytes[start + 1] >= 0x80)
    {
        start += 1;
    }
    &bytes[start..]
}

fn truncate(pieces: &[ArrayRef], width: i32) -> Result<Keyed> {
    use DataType::*;
    let w = i64::from(width);
    Ok(Some(match pieces[0].data_type() {
        // At the low end of the type the value wraps around, as in the reference implementation.
        Int32 => (Keys::Ints(map32(pieces, |v| i64::from((v - v.rem_euclid(w)) as i32))), Form::Int32),
        Int64 => (Keys::Ints(map64(pieces, |v| v.wrapping_sub(v.rem_euclid(w)))), Form::Int64),
        Decimal128(..) => decimals(pieces, |v| v - v.rem_euclid(w.into())),
        Utf8 => (Keys::starts(joined(pieces)?, |bytes| code_points(bytes, width as usize)), Form::Bytes),
        Binary => (Keys::starts(joined(pieces)?, |bytes| bytes.len().min(width as usize)), Form::Bytes),
        _ => return Ok(None),
    }))
}

/// Length in bytes of the first `count` code points.
fn code_points(text: &[u8], count: usize) -> usize {
    if text.len() <= count {
        return text.len();
    }
    let starts = text.iter().enumerate().filter(|(_, b)| **b & 0xc0 != 0x80);
    starts.map(|(at, _)| at).nth(count).unwrap_or(text.len())
}

/// Ticks in a day of a date (1) or a timestamp; None: neither.
fn ticks_per_day(data_type: &DataType) -> Option<i64> {
    match data_type {
        DataType::Date32 => Some(1),
        DataType::Timestamp(unit, _) => Some(86_400 * plan::per_second(*unit)),
        _ => None,
    }
}

fn by_date(pieces: &[ArrayRef], f: impl Fn(i64) -> i64) -> Keyed {
    let per_day = ticks_per_day(pieces[0].data_type())?;
    let keys = if per_day == 1 { map32(pieces, f) } else { map64(pieces, |t| f(t.div_euclid(per_day))) };
    Some((Keys::Ints(keys), Form::Int32))
}

impl Keys {
    /// The first `end` bytes of each value of a text or binary column.
    fn starts(column: ArrayRef, end: impl Fn(&[u8]) -> usize) -> Self {
        let ends = ByteRows::of(&column).map(|rows| (0..column.len()).map(|i| end(rows.get(i)) as u32).collect());
        Self::Bytes { column, ends }
    }
}
