//! Some rows of a batch, in memory of their own.

use arrow_array::{BooleanArray, RecordBatch, UInt32Array};
use arrow_buffer::{BooleanBuffer, Buffer, ScalarBuffer};

use crate::error::{EngineError, Result};

/// The rows whose numbers stand in `rows` (little-endian 32-bit integers), in that order; any may come repeatedly.
pub fn take(batch: &RecordBatch, rows: Buffer) -> Result<RecordBatch> {
    let count = rows.len() / size_of::<u32>();
    let rows = UInt32Array::new(ScalarBuffer::new(rows, 0, count), None);
    let have = batch.num_rows();
    if let Some(row) = rows.values().iter().find(|row| **row as usize >= have) {
        return Err(EngineError::invalid_argument(format!("row {row} is not within a batch of {have} rows")));
    }
    Ok(arrow_select::take::take_record_batch(batch, &rows)?)
}

/// The rows whose bits are set: row i is bit i % 8 of byte i / 8.
pub fn filter(batch: &RecordBatch, bits: Buffer) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    if bits.len() != rows.div_ceil(8) {
        let text = format!("{} bytes of bits for a batch of {rows} rows, not {}", bits.len(), rows.div_ceil(8));
        return Err(EngineError::invalid_argument(text));
    }
    let keep = BooleanArray::new(BooleanBuffer::new(bits, 0, rows), None);
    Ok(arrow_select::filter::filter_record_batch(batch, &keep)?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int32Array, StringArray};

    use super::*;

    fn rows() -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int32Array::from_iter((0..10).map(|i| (i != 3).then_some(i))));
        let names: ArrayRef = Arc::new(StringArray::from_iter_values((0..10).map(|i| format!("row {i}"))));
        RecordBatch::try_from_iter_with_nullable([("n", numbers, true), ("s", names, false)]).unwrap()
    }

    #[test]
    fn rows_are_taken_in_the_order_given() {
        let taken = take(&rows(), Buffer::from_slice_ref([9_u32, 3, 3, 0])).unwrap();
        let parts: Vec<_> = [9, 3, 3, 0].map(|row| rows().slice(row, 1)).into();
        assert_eq!(taken, arrow_select::concat::concat_batches(rows().schema_ref(), &parts).unwrap());
        assert_eq!(take(&rows(), Buffer::default()).unwrap().num_rows(), 0);
        assert!(take(&rows(), Buffer::from_slice_ref([10_u32])).unwrap_err().message.contains("row 10"));
    }

    #[test]
    fn rows_are_kept_by_their_bits() {
        let kept = filter(&rows(), Buffer::from(vec![0b0000_1001_u8, 0b1111_1110])).unwrap();
        let same = take(&rows(), Buffer::from_slice_ref([0_u32, 3, 9])).unwrap();
        assert_eq!(kept, same);
        assert!(filter(&rows(), Buffer::from(vec![0_u8])).unwrap_err().message.contains("10 rows"));
    }
}
