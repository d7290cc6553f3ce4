//! Values given to rows, perhaps one to very many: what that takes is asked for before it is made.

use arrow_array::{Array, ArrayRef, UInt32Array, new_null_array};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

use super::bytes::ByteRows;
use super::data_size::column_size;
use super::fault::Failure;
use crate::error::EngineError;
use crate::memory;

/// Less is not worth the asking.
const LARGE: u64 = 1 << 20;
/// Texts, lists and their like count to it.
const MOST: u64 = i32::MAX as u64;

/// Of row i the value `index[i]`, which has to be one, unless `nulls` says that it is null. Fails at the row that makes
/// them too many bytes for one column of a batch; with MEMORY_LIMIT_TOO_SMALL where there is no room for them.
pub fn spread(values: &ArrayRef, index: Vec<u32>, nulls: Option<NullBuffer>) -> Result<ArrayRef, Failure> {
    let rows = index.len();
    let bytes = bytes_of(values, &index, nulls.as_ref())?;
    require_room(bytes, rows)?;
    Ok(arrow_select::take::take(values, &UInt32Array::new(index.into(), nulls), None)?)
}

/// As many nulls as there are rows, whose number need not come with bytes of theirs.
pub fn nulls(data_type: &DataType, rows: usize) -> Result<ArrayRef, EngineError> {
    require_room(column_size(&new_null_array(data_type, 1)).saturating_mul(rows as u64), rows)?;
    Ok(new_null_array(data_type, rows))
}

/// Refuses what there is no room for, by a name.
pub fn require_room(bytes: u64, rows: usize) -> Result<(), EngineError> {
    if bytes <= LARGE || usize::try_from(bytes).is_ok_and(memory::has_room) {
        return Ok(());
    }
    let text = format!(
        "a column of a batch has {bytes} bytes in {rows} rows, as each of them gets its own copy of a value that the \
         batch has once: raise memoryLimitBytes, or write batches of fewer rows"
    );
    Err(EngineError::new("MEMORY_LIMIT_TOO_SMALL", text))
}

fn bytes_of(values: &ArrayRef, index: &[u32], nulls: Option<&NullBuffer>) -> Result<u64, Failure> {
    let live = (0..index.len()).filter(|row| nulls.is_none_or(|n| n.is_valid(*row)));
    match (values.data_type().primitive_width(), ByteRows::of(values)) {
        (Some(width), _) => summed(live.map(|row| (row, width as u64))),
        // Their bytes are shared.
        (None, Some(ByteRows::Views(..))) => summed(live.map(|row| (row, size_of::<u128>() as u64))),
        (None, Some(bytes)) => summed(live.map(|row| (row, bytes.len_of(index[row] as usize) as u64))),
        (None, None) if column_size(values).saturating_mul(index.len() as u64) <= LARGE => Ok(0),
        (None, None) => {
            let mut sizes = Sizes::of(values);
            summed(live.map(|row| (row, sizes.at(index[row] as usize))))
        }
    }
}

fn summed(sizes: impl Iterator<Item = (usize, u64)>) -> Result<u64, Failure> {
    let mut bytes = 0;
    for (row, size) in sizes {
        bytes += size;
        if bytes > MOST {
            return Err(Failure::at(
                row,
                "up to here the values of this column take more than 2^31 bytes; write batches of fewer rows",
            ));
        }
    }
    Ok(bytes)
}

/// The sizes of single values, each measured once.
pub struct Sizes<'a> {
    values: &'a ArrayRef,
    known: Vec<Option<u64>>,
    null: u64,
}

impl<'a> Sizes<'a> {
    pub fn of(values: &'a ArrayRef) -> Self {
        let null = column_size(&new_null_array(values.data_type(), 1));
        Self { values, known: vec![None; values.len()], null }
    }

    pub fn at(&mut self, value: usize) -> u64 {
        *self.known[value].get_or_insert_with(|| column_size(&self.values.slice(value, 1)))
    }

    /// Of a null beside the values.
    pub fn null(&self) -> u64 {
        self.null
    }
}
