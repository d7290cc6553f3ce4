//! Rows by a mask.

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, make_array};
use arrow_buffer::bit_iterator::BitSliceIterator;
use arrow_data::transform::MutableArrayData;
use arrow_schema::ArrowError;

/// Ranges `(start, end)` of the rows that a mask without nulls picks.
#[derive(Debug)]
pub struct SlicesIterator<'a>(BitSliceIterator<'a>);

impl<'a> SlicesIterator<'a> {
    pub fn new(filter: &'a BooleanArray) -> Self {
        Self(filter.values().set_slices())
    }
}

impl Iterator for SlicesIterator<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

/// The mask with false for null.
pub fn prep_null_mask_filter(filter: &BooleanArray) -> BooleanArray {
    match filter.nulls() {
        Some(nulls) => BooleanArray::new(filter.values() & nulls.inner(), None),
        None => filter.clone(),
    }
}

/// The rows where the mask is true.
pub fn filter(values: &dyn Array, predicate: &BooleanArray) -> Result<ArrayRef, ArrowError> {
    if predicate.len() > values.len() {
        let text = format!("a mask of {} rows for an array of {}", predicate.len(), values.len());
        return Err(ArrowError::InvalidArgumentError(text));
    }
    let mask = prep_null_mask_filter(predicate);
    let data = values.to_data();
    let mut out = MutableArrayData::try_new(vec![&data], false, mask.true_count())?;
    for (start, end) in SlicesIterator::new(&mask) {
        out.try_extend(0, start, end)?;
    }
    Ok(make_array(out.freeze()))
}

/// `filter` on every column.
pub fn filter_record_batch(batch: &RecordBatch, predicate: &BooleanArray) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(|c| filter(c, predicate)).collect::<Result<Vec<_>, _>>()?;
    let rows = prep_null_mask_filter(predicate).true_count();
    RecordBatch::try_new_with_options(batch.schema(), columns, &RecordBatchOptions::new().with_row_count(Some(rows)))
}
