//! Dictionary and run-end encoded columns as values and, by row, the number of the value.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int16Type, Int32Type, Int64Type, RunEndIndexType};
use arrow_array::{Array, ArrayRef, new_null_array};
use arrow_buffer::{ArrowNativeType, BooleanBufferBuilder, NullBuffer};
use arrow_schema::DataType;

use super::fault::Failure;
use super::spread::spread;

pub struct Unpacked {
    pub values: ArrayRef,
    /// Always in bounds, also where the row is null.
    index: Vec<u32>,
    nulls: Option<NullBuffer>,
}

impl Unpacked {
    /// None: the column is neither.
    pub fn of(array: &dyn Array) -> Option<Self> {
        match array.data_type() {
            DataType::Dictionary(_, value_type) => {
                let dictionary = array.as_any_dictionary();
                let nulls = dictionary.keys().nulls().filter(|n| n.null_count() > 0).cloned();
                if dictionary.values().is_empty() {
                    // No key can be valid then.
                    let values = new_null_array(value_type, 1);
                    return Some(Self { values, index: vec![0; array.len()], nulls });
                }
                let index = dictionary.normalized_keys().into_iter().map(|k| k as u32).collect();
                Some(Self { values: dictionary.values().clone(), index, nulls })
            }
            DataType::RunEndEncoded(ends, _) => Some(match ends.data_type() {
                DataType::Int16 => runs::<Int16Type>(array),
                DataType::Int32 => runs::<Int32Type>(array),
                _ => runs::<Int64Type>(array),
            }),
            _ => None,
        }
    }

    /// Which values the rows use; rows that `mask` leaves out do not count. None: all.
    pub fn used(&self, mask: Option<&NullBuffer>) -> NullBuffer {
        let mut used = BooleanBufferBuilder::new(self.values.len());
        used.append_n(self.values.len(), false);
        let live = NullBuffer::union(self.nulls.as_ref(), mask);
        for (row, value) in self.index.iter().enumerate() {
            if live.as_ref().is_none_or(|l| l.is_valid(row)) {
                used.set_bit(*value as usize, true);
            }
        }
        NullBuffer::new(used.finish())
    }

    /// The first row that uses a value.
    pub fn row_of(&self, value: usize, mask: Option<&NullBuffer>) -> usize {
        let live = NullBuffer::union(self.nulls.as_ref(), mask);
        let uses = |row: &usize| self.index[*row] as usize == value && live.as_ref().is_none_or(|l| l.is_valid(*row));
        (0..self.index.len()).find(uses).unwrap_or(0)
    }

    /// `values` (those of the column, or what they were cast to), row by row.
    pub fn expand(self, values: &ArrayRef) -> Result<ArrayRef, Failure> {
        spread(values, self.index, self.nulls)
    }

    pub fn index(&self) -> &[u32] {
        &self.index
    }

    pub fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|n| n.is_null(row))
    }
}

fn runs<T: RunEndIndexType>(array: &dyn Array) -> Unpacked {
    let array = array.as_run::<T>();
    let ends = array.run_ends();
    let (first, last) = (ends.offset(), ends.offset() + ends.len());
    let mut index = Vec::with_capacity(ends.len());
    for (run, end) in ends.values().iter().enumerate() {
        let upto = end.as_usize().clamp(first, last) - first;
        if upto > index.len() {
            index.resize(upto, run as u32);
        }
    }
    Unpacked { values: array.values().clone(), index, nulls: None }
}
