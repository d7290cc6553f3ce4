//! Batches of one schema brought to another: order, names, types, nullability and field ids of a table.

use std::sync::Arc;

use arrow_array::GenericListViewArray;
use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, ListArray, MapArray, OffsetSizeTrait, RecordBatch, RecordBatchOptions, StructArray,
};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Fields, SchemaRef};

use super::cast;
use super::constants::Constants;
use super::fault::Failure;
pub use super::plan::MatchBy;
use super::plan::{self, Plan, Rules};
use super::spread::{nulls, require_room, spread};
use super::unpack::{Unpacked, without_runs};
use crate::error::{EngineError, Result};

/// A plan from one source schema to one target schema.
pub struct Aligner {
    source: SchemaRef,
    target: SchemaRef,
    columns: Vec<(Option<usize>, Plan)>,
}

type Outcome = std::result::Result<ArrayRef, Failure>;

impl Aligner {
    /// Fails with SCHEMA_MISMATCH, naming the column, when the types alone rule it out.
    pub fn new(source: SchemaRef, target: SchemaRef) -> Result<Self> {
        Self::with_rules(source, target, MatchBy::Name, Vec::new())
    }

    /// `constants`: texts for target fields, by the names on the way there, that hold where the source lacks them.
    pub fn with_rules(
        source: SchemaRef,
        target: SchemaRef,
        match_by: MatchBy,
        constants: Vec<(Vec<String>, Option<String>)>,
    ) -> Result<Self> {
        let rules = Rules { match_by, constants: Constants::new(constants, target.fields())? };
        let columns = plan::fields(source.fields(), target.fields(), &rules, &mut Vec::new())?;
        Ok(Self { source, target, columns })
    }

    pub fn align(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        if !Arc::ptr_eq(batch.schema_ref(), &self.source) {
            same_fields(self.source.fields(), batch.schema_ref().fields())?;
        }
        let columns = run_fields(&self.columns, self.target.fields(), batch.columns(), batch.num_rows(), None)?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(self.target.clone(), columns, &options)?)
    }
}

/// A batch must have the columns its source has declared; keys of dictionaries and names in lists may differ.
fn same_fields(declared: &Fields, given: &Fields) -> Result<()> {
    let same = declared.len() == given.len()
        && declared.iter().zip(given).all(|(a, b)| a.name() == b.name() && same_type(a.data_type(), b.data_type()));
    if same {
        return Ok(());
    }
    let first =
        declared.iter().zip(given).find(|(a, b)| a.name() != b.name() || !same_type(a.data_type(), b.data_type()));
    Err(match first {
        Some((a, b)) => EngineError::schema_mismatch(format!(
            "a batch has column \"{}\" ({}) where the first had \"{}\" ({}); all batches of a source need one schema",
            b.name(),
            plan::type_name(b.data_type()),
            a.name(),
            plan::type_name(a.data_type()),
        ))
        .at_column(a.name()),
        None => EngineError::schema_mismatch(format!(
            "a batch has {} columns where the first had {}; all batches of a source need one schema",
            given.len(),
            declared.len(),
        )),
    })
}

fn same_type(a: &DataType, b: &DataType) -> bool {
    use DataType::*;
    match (a, b) {
        (Dictionary(_, a), Dictionary(_, b)) => same_type(a, b),
        (RunEndEncoded(_, a), RunEndEncoded(_, b)) => same_type(a.data_type(), b.data_type()),
        (List(a), List(b)) | (LargeList(a), LargeList(b)) => same_type(a.data_type(), b.data_type()),
        (ListView(a), ListView(b)) | (LargeListView(a), LargeListView(b)) => same_type(a.data_type(), b.data_type()),
        (FixedSizeList(a, n), FixedSizeList(b, m)) => n == m && same_type(a.data_type(), b.data_type()),
        (Map(a, _), Map(b, _)) => match (a.data_type(), b.data_type()) {
            (Struct(a), Struct(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_type(a.data_type(), b.data_type()))
            }
            _ => false,
        },
        (Struct(a), Struct(b)) => same_fields(a, b).is_ok(),
        _ => a == b,
    }
}

fn run_fields(
    plans: &[(Option<usize>, Plan)],
    target: &Fields,
    columns: &[ArrayRef],
    rows: usize,
    mask: Option<&NullBuffer>,
) -> std::result::Result<Vec<ArrayRef>, Failure> {
    let one = |((index, plan), field): (&(Option<usize>, Plan), &Arc<Field>)| {
        let column = match (index, plan) {
            (Some(index), plan) => run_field(plan, field, &columns[*index], mask),
            (None, Plan::Constant(value)) => value.repeat(rows),
            (None, _) => nulls(field.data_type(), rows).map_err(Failure::from),
        };
        column.map_err(|f| f.within(field.name()))
    };
    plans.iter().zip(target).map(one).collect()
}

/// `mask`: the rows that matter, those under no null parent.
fn run_field(plan: &Plan, field: &Field, array: &ArrayRef, mask: Option<&NullBuffer>) -> Outcome {
    let out = run(plan, field.data_type(), array, mask)?;
    if field.is_nullable() || out.logical_null_count() == 0 {
        return Ok(out);
    }
    let nulls = out.logical_nulls();
    let is_fault =
        |row: &usize| nulls.as_ref().is_some_and(|n| n.is_null(*row)) && mask.is_none_or(|m| m.is_valid(*row));
    if let Some(row) = (0..out.len()).find(is_fault) {
        return Err(Failure::at(row, "null in a required column; give a value or make the column optional"));
    }
    // Nulls under null parents only: Arrow wants no validity at all in a required child.
    let data = out.to_data().into_builder().nulls(None);
    // SAFETY: the same buffers; every slot of a null is a value of its type too (zeros, an empty range).
    Ok(arrow_array::make_array(unsafe { data.build_unchecked() }))
}

fn run(plan: &Plan, target: &DataType, array: &ArrayRef, mask: Option<&NullBuffer>) -> Outcome {
    match (plan, target) {
        (Plan::Nulls, _) => Ok(nulls(target, array.len())?),
        (Plan::Leaf(cast), _) => cast::run(cast, array, target, mask),
        (Plan::Encoded(plan), _) => {
            // Runs of elements that list views show were undone before.
            let Some(encoded) = Unpacked::of(array)? else { return run(plan, target, array, mask) };
            let used = encoded.used(mask);
            let values =
                run(plan, target, &encoded.values, Some(&used)).map_err(|f| f.map_row(|v| encoded.row_of(v, mask)))?;
            encoded.expand(&values)
        }
        (Plan::Struct(plans), DataType::Struct(fields)) => {
            let Some(source) = array.as_struct_opt() else { return Err(unplanned(array)) };
            let live = NullBuffer::union(source.nulls(), mask);
            let columns = run_fields(plans, fields, source.columns(), array.len(), live.as_ref())?;
            let nulls = source.nulls().cloned();
            Ok(Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, array.len())?))
        }
        (Plan::List(plan), DataType::List(element)) => {
            let rows = ListRows::of(array)?;
            let values = rows.run_child(array, mask, |values, mask| {
                run_field(plan, element, values, mask).map_err(|f| f.within("element"))
            })?;
            Ok(Arc::new(ListArray::try_new(element.clone(), rows.offsets, values, array.nulls().cloned())?))
        }
        (Plan::Map(key_plan, value_plan), DataType::Map(entries, sorted)) => {
            let Some(source) = array.as_map_opt() else { return Err(unplanned(array)) };
            let DataType::Struct(fields) = entries.data_type() else { return Err(unplanned(array)) };
            let rows = ListRows::within(source.offsets(), Arc::new(source.entries().clone()), |o| Some(*o))?;
            let values = rows.run_child(array, mask, |values, mask| {
                let pairs = values.as_struct();
                let live = NullBuffer::union(pairs.nulls(), mask);
                let key =
                    run_field(key_plan, &fields[0], pairs.column(0), live.as_ref()).map_err(|f| f.within("key"))?;
                let value =
                    run_field(value_plan, &fields[1], pairs.column(1), live.as_ref()).map_err(|f| f.within("value"))?;
                let pairs = StructArray::try_new_with_length(fields.clone(), vec![key, value], None, values.len())?;
                Ok(Arc::new(pairs) as ArrayRef)
            })?;
            let pairs = values.as_struct().clone();
            Ok(Arc::new(MapArray::try_new(entries.clone(), rows.offsets, pairs, array.nulls().cloned(), *sorted)?))
        }
        _ => Err(unplanned(array)),
    }
}

fn unplanned(array: &ArrayRef) -> Failure {
    Failure::Engine(EngineError::failed(format!("no way was planned for {}", plan::type_name(array.data_type()))))
}

/// A list column of any layout: 32-bit offsets that start at 0, and exactly the elements they span.
struct ListRows {
    offsets: OffsetBuffer<i32>,
    values: ArrayRef,
}

impl ListRows {
    fn of(array: &ArrayRef) -> std::result::Result<Self, Failure> {
        match array.data_type() {
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                Self::within(list.offsets(), list.values().clone(), |o| Some(*o))
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                Self::within(list.offsets(), list.values().clone(), |o| i32::try_from(*o).ok())
            }
            DataType::ListView(_) => Self::gathered(array.as_list_view::<i32>()),
            DataType::LargeListView(_) => Self::gathered(array.as_list_view::<i64>()),
            DataType::FixedSizeList(_, size) => {
                let list = array.as_fixed_size_list();
                require_room(list.len() as u64 * size_of::<i32>() as u64, list.len())?;
                let offsets = OffsetBuffer::from_repeated_length(*size as usize, list.len());
                Ok(Self { offsets, values: list.values().slice(0, *size as usize * list.len()) })
            }
            _ => Err(unplanned(array)),
        }
    }

    fn within<O: OffsetSizeTrait>(
        offsets: &OffsetBuffer<O>,
        values: ArrayRef,
        narrow: impl Fn(&O) -> Option<i32>,
    ) -> std::result::Result<Self, Failure> {
        let (first, last) = (offsets[0], offsets[offsets.len() - 1]);
        let values = values.slice(first.as_usize(), (last - first).as_usize());
        let offsets: Option<Vec<i32>> = offsets.iter().map(|o| narrow(&(*o - first))).collect();
        let Some(offsets) = offsets else { return Err(too_long(0)) };
        Ok(Self { offsets: OffsetBuffer::new(ScalarBuffer::from(offsets)), values })
    }

    fn gathered<O: OffsetSizeTrait>(list: &GenericListViewArray<O>) -> std::result::Result<Self, Failure> {
        // Views may overlap: a few elements may be very many.
        let mut total = 0i32;
        let mut offsets = vec![0i32];
        for row in 0..list.len() {
            if list.is_valid(row) {
                let length = i32::try_from(list.value_size(row).as_usize()).ok();
                total = length.and_then(|length| total.checked_add(length)).ok_or_else(|| too_long(row))?;
            }
            offsets.push(total);
        }
        require_room(u64::from(total.unsigned_abs()) * size_of::<u32>() as u64, list.len())?;
        let mut index = Vec::with_capacity(total as usize);
        for row in (0..list.len()).filter(|row| list.is_valid(*row)) {
            let start = list.value_offset(row).as_usize();
            index.extend((start..start + list.value_size(row).as_usize()).map(|i| i as u32));
        }
        let values = spread(&without_runs(list.values())?, index, None)?;
        Ok(Self { offsets: OffsetBuffer::new(ScalarBuffer::from(offsets)), values })
    }

    /// Casts the elements; a fault's row becomes that of the list it is in.
    fn run_child(
        &self,
        array: &ArrayRef,
        mask: Option<&NullBuffer>,
        run: impl FnOnce(&ArrayRef, Option<&NullBuffer>) -> Outcome,
    ) -> Outcome {
        let live = NullBuffer::union(array.nulls(), mask);
        let hidden = live.as_ref().map_or(Ok(None), |live| self.child_mask(live))?;
        run(&self.values, hidden.as_ref())
            .map_err(|f| f.map_row(|at| self.offsets.partition_point(|o| *o as usize <= at) - 1))
    }

    /// The elements of live rows; None when no row that is not live has elements.
    fn child_mask(&self, live: &NullBuffer) -> std::result::Result<Option<NullBuffer>, EngineError> {
        let len = |row: usize| (self.offsets[row + 1] - self.offsets[row]) as usize;
        if !(0..live.len()).any(|row| live.is_null(row) && len(row) > 0) {
            return Ok(None);
        }
        require_room(self.values.len() as u64 / 8, live.len())?;
        let mut mask = BooleanBufferBuilder::new(self.values.len());
        for row in 0..live.len() {
            mask.append_n(len(row), live.is_valid(row));
        }
        Ok(Some(NullBuffer::new(mask.finish())))
    }
}

fn too_long(row: usize) -> Failure {
    Failure::at(row, "the lists of one batch hold more than 2^31 elements; give smaller batches")
}
