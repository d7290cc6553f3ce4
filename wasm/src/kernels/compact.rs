//! Rows in memory of their own: what they were cut from can be freed.

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, make_array};
use arrow_data::ArrayData;
use arrow_data::transform::{Capacities, MutableArrayData};
use arrow_schema::DataType;

use crate::error::Result;

/// A copy in buffers that hold these rows and no others.
pub fn compact(batch: &RecordBatch) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    let copied = |column: &ArrayRef| {
        let data = column.to_data();
        let mut copy = MutableArrayData::with_capacities(vec![&data], false, room(&data));
        copy.try_extend(0, 0, rows)?;
        Ok(make_array(copy.freeze()))
    };
    let columns = batch.columns().iter().map(copied).collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(batch.schema(), columns, &options)?)
}

/// No more than is needed: what grows to the double may stay half empty.
fn room(data: &ArrayData) -> Capacities {
    match data.data_type() {
        DataType::Utf8 | DataType::Binary if !data.is_empty() => {
            let offsets = data.buffer::<i32>(0);
            Capacities::Binary(data.len(), Some((offsets[data.len()] - offsets[0]) as usize))
        }
        _ => Capacities::Array(data.len()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, BinaryArray, Int64Array, StringArray};

    use super::*;

    #[test]
    fn a_compact_slice_holds_only_its_rows() {
        let numbers = Int64Array::from_iter((0..10_000).map(|i| (i % 3 != 0).then_some(i)));
        let names = StringArray::from_iter((0..10_000).map(|i| (i % 5 != 0).then(|| format!("name {i}"))));
        let columns: [(&str, ArrayRef); 2] = [("id", Arc::new(numbers)), ("name", Arc::new(names))];
        let whole = RecordBatch::try_from_iter(columns).unwrap();
        let slice = whole.slice(5_003, 100);
        let copy = compact(&slice).unwrap();
        assert_eq!(copy, slice);
        assert!(copy.get_array_memory_size() < 8_000, "{}", copy.get_array_memory_size());
        assert_eq!(compact(&whole.slice(3, 0)).unwrap().num_rows(), 0);
    }

    #[test]
    fn large_values_have_no_room_beside_them() {
        let values = BinaryArray::from_iter_values((0..5_000).map(|i| vec![i as u8; 600 + i % 100]));
        let whole = RecordBatch::try_from_iter([("value", Arc::new(values) as ArrayRef)]).unwrap();
        let slice = whole.slice(77, 1_300);
        let copy = compact(&slice).unwrap();
        assert_eq!(copy, slice);
        assert!(copy.get_array_memory_size() < 1_300 * 660, "{}", copy.get_array_memory_size());
    }
}
