//! Dictionary and run-end encoded columns as values and, by row, the number of the value.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int16Type, Int32Type, Int64Type, RunEndIndexType};
use arrow_array::{Array, ArrayRef, make_array, new_null_array};
use arrow_buffer::{ArrowNativeType, BooleanBufferBuilder, NullBuffer};
use arrow_schema::{DataType, FieldRef};

use super::fault::Failure;
use super::spread::{require_room, spread};
use crate::error::EngineError;

pub struct Unpacked {
    pub values: ArrayRef,
    /// Always in bounds, also where the row is null.
    index: Vec<u32>,
    nulls: Option<NullBuffer>,
}

impl Unpacked {
    /// None: the column is neither. Runs take as good as no bytes: there may be no room for a number of each row.
    pub fn of(array: &dyn Array) -> Result<Option<Self>, EngineError> {
        let Some((values, runs)) = runs_of(array) else { return Ok(Self::of_dictionary(array)) };
        require_room(array.len() as u64 * size_of::<u32>() as u64, array.len())?;
        let mut index = Vec::with_capacity(array.len());
        for (value, rows) in runs {
            index.resize(rows.end, value as u32);
        }
        Ok(Some(Self { values, index, nulls: None }))
    }

    /// None: the column is none.
    pub fn of_dictionary(array: &dyn Array) -> Option<Self> {
        let DataType::Dictionary(_, value_type) = array.data_type() else { return None };
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

/// The same values without run-end encoding, wherever in them: to move rows of runs one by one takes longer with each, and
/// those of 16 bits soon have more rows than they can say.
pub fn without_runs(array: &ArrayRef) -> Result<ArrayRef, Failure> {
    if let DataType::RunEndEncoded(..) = array.data_type()
        && let Some(encoded) = Unpacked::of(array)?
    {
        let values = without_runs(&encoded.values)?;
        return encoded.expand(&values);
    }
    if !has_runs(array.data_type()) {
        return Ok(array.clone());
    }
    let data = array.to_data();
    let children = data.child_data().iter().map(|child| without_runs(&make_array(child.clone())));
    let children = children.collect::<Result<Vec<_>, _>>()?;
    let data_type = with_children(data.data_type(), &children);
    let children = children.iter().map(|child| child.to_data()).collect();
    Ok(make_array(data.into_builder().data_type(data_type).child_data(children).build()?))
}

/// Of dictionaries only the keys are moved.
fn has_runs(data_type: &DataType) -> bool {
    match data_type {
        DataType::RunEndEncoded(..) => true,
        DataType::Struct(fields) => fields.iter().any(|f| has_runs(f.data_type())),
        DataType::List(f)
        | DataType::LargeList(f)
        | DataType::ListView(f)
        | DataType::LargeListView(f)
        | DataType::FixedSizeList(f, _)
        | DataType::Map(f, _) => has_runs(f.data_type()),
        _ => false,
    }
}

fn with_children(data_type: &DataType, children: &[ArrayRef]) -> DataType {
    let of = |f: &FieldRef, child: &ArrayRef| Arc::new(f.as_ref().clone().with_data_type(child.data_type().clone()));
    match data_type {
        DataType::Struct(fields) => DataType::Struct(fields.iter().zip(children).map(|(f, c)| of(f, c)).collect()),
        DataType::List(f) => DataType::List(of(f, &children[0])),
        DataType::LargeList(f) => DataType::LargeList(of(f, &children[0])),
        DataType::ListView(f) => DataType::ListView(of(f, &children[0])),
        DataType::LargeListView(f) => DataType::LargeListView(of(f, &children[0])),
        DataType::FixedSizeList(f, size) => DataType::FixedSizeList(of(f, &children[0]), *size),
        DataType::Map(f, sorted) => DataType::Map(of(f, &children[0]), *sorted),
        other => other.clone(),
    }
}

type Runs = Vec<(usize, Range<usize>)>;

/// The values of a run-end encoded column, and which rows have which of them, in order. None: it is none.
pub fn runs_of(array: &dyn Array) -> Option<(ArrayRef, Runs)> {
    let DataType::RunEndEncoded(ends, _) = array.data_type() else { return None };
    Some(match ends.data_type() {
        DataType::Int16 => runs::<Int16Type>(array),
        DataType::Int32 => runs::<Int32Type>(array),
        _ => runs::<Int64Type>(array),
    })
}

fn runs<T: RunEndIndexType>(array: &dyn Array) -> (ArrayRef, Runs) {
    let array = array.as_run::<T>();
    let ends = array.run_ends();
    let (first, last) = (ends.offset(), ends.offset() + ends.len());
    let mut runs = Runs::new();
    let mut row = 0;
    // A slice may show few of very many.
    let before = ends.values().partition_point(|end| end.as_usize() <= first);
    for (run, end) in ends.values().iter().enumerate().skip(before) {
        if row == ends.len() {
            break;
        }
        let upto = end.as_usize().min(last) - first;
        runs.push((run, row..upto));
        row = upto;
    }
    (array.values().clone(), runs)
}
