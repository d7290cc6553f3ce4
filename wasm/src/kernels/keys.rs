//! The values of one partition field over a batch, ready to be compared, and as the bytes a manifest stores.

use arrow_array::ArrayRef;
use arrow_buffer::NullBuffer;

use super::bytes::ByteRows;
use super::transform::shortest;

pub enum Keys {
    /// Always null.
    Void,
    /// Integers, counts of days and the like, and the bits of floats.
    Ints(Vec<i64>),
    Wide(Vec<i128>),
    /// All below `count`.
    Buckets {
        numbers: Vec<u32>,
        count: u32,
    },
    /// The first `ends[i]` bytes of each row; None: all of them.
    Bytes {
        column: ArrayRef,
        ends: Option<Vec<u32>>,
    },
}

/// The result type's single-value form (spec, Appendix D).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    Bool,
    Int32,
    Int64,
    Float32,
    Float64,
    Decimal,
    Bytes,
}

pub struct KeyColumn {
    pub keys: Keys,
    pub form: Form,
    pub nulls: Option<NullBuffer>,
}

/// The form has no place for a value.
#[derive(Debug)]
pub struct Misfit;

impl KeyColumn {
    /// The value at `row` as single-value bytes; None: null.
    pub fn encode(&self, row: usize) -> Result<Option<Vec<u8>>, Misfit> {
        if self.nulls.as_ref().is_some_and(|n| n.is_null(row)) {
            return Ok(None);
        }
        Ok(match &self.keys {
            Keys::Void => None,
            Keys::Ints(values) => Some(self.encode_int(values[row])?),
            Keys::Buckets { numbers, .. } => Some(self.encode_int(numbers[row].into())?),
            Keys::Wide(values) => Some(shortest(&values[row].to_be_bytes()).to_vec()),
            Keys::Bytes { column, ends } => {
                // The kinds of columns were sorted out when the keys were made.
                let whole = ByteRows::of(column).map(|rows| rows.get(row)).unwrap_or_default();
                Some(whole[..ends.as_ref().map_or(whole.len(), |ends| ends[row] as usize)].to_vec())
            }
        })
    }

    fn encode_int(&self, v: i64) -> Result<Vec<u8>, Misfit> {
        Ok(match self.form {
            Form::Bool => vec![v as u8],
            Form::Int32 => i32::try_from(v).map_err(|_| Misfit)?.to_le_bytes().to_vec(),
            Form::Float32 => (v as u32).to_le_bytes().to_vec(),
            Form::Int64 | Form::Float64 => v.to_le_bytes().to_vec(),
            Form::Decimal | Form::Bytes => shortest(&i128::from(v).to_be_bytes()).to_vec(),
        })
    }
}
