//! Splits the rows of a batch by partition tuple.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use arrow_schema::{DataType, Field, Fields};
use icestream_routing::{NumberedRows, RowGroups};

use super::concat::require_one_schema;
use super::data_size::{column_size, column_sizes};
use super::gather::gather;
use super::group::group;
use super::keys::{KeyColumn, Misfit};
use super::show;
use super::transform::Transform;
use crate::error::{EngineError, Result};
use crate::schema_json::field_id;

/// Of a column that is copied to its groups, in one block.
const PIECE_BYTES: usize = 1 << 20;
/// Rows with more in one column, on average, are large.
const LARGE_ROW_BYTES: usize = 64;

/// Rows that share a partition tuple.
pub struct Part {
    /// Single-value bytes of the result type by transform; None: null.
    pub values: Vec<Option<Vec<u8>>>,
    /// The first of them in what was split.
    pub first_row: u32,
    pub batch: RecordBatch,
}

impl Part {
    /// Bytes that are equal exactly when the tuples are: for each value a 0 when it is null, or else a 1, its length
    /// (4 bytes, big-endian) and itself.
    pub fn key(&self) -> Vec<u8> {
        let bytes: usize = self.values.iter().flatten().map(|value| 4 + value.len()).sum();
        let mut key = Vec::with_capacity(self.values.len() + bytes);
        for value in &self.values {
            match value {
                None => key.push(0),
                Some(bytes) => {
                    key.push(1);
                    key.extend((bytes.len() as u32).to_be_bytes());
                    key.extend(bytes);
                }
            }
        }
        key
    }
}

/// What `partition` makes of batches.
pub struct Partitioned {
    pub parts: Vec<Part>,
    /// The rows from the first on that would have begun a part too many.
    pub rest: Vec<RecordBatch>,
}

/// The rows of `batches`, one after the other, by partition tuple: tuples in order of their first row, rows in the order
/// they had. `transforms`: source field ids and what is done to them. A tuple has one part, except where its rows are
/// large, or it is the only one: then the batches stay what they are. Rows are split up to the one that would begin more
/// than `most_parts` tuples, which is at least 1.
pub fn partition(batches: Vec<RecordBatch>, transforms: &[(i32, Transform)], most_parts: usize) -> Result<Partitioned> {
    let mut batches: Vec<_> = batches.into_iter().filter(|b| b.num_rows() > 0).collect();
    if batches.is_empty() {
        return Ok(Partitioned { parts: Vec::new(), rest: Vec::new() });
    }
    require_one_schema(&batches)?;
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let keys =
        transforms.iter().map(|(id, transform)| key_column(&batches, *id, *transform)).collect::<Result<Vec<_>>>()?;
    let mut groups = group(&keys, rows);
    let mut rest = Vec::new();
    if let Some(cut) = groups.firsts.get(most_parts) {
        let cut = *cut as usize;
        groups.ids.truncate(cut);
        groups.firsts.truncate(most_parts);
        rest = cut_off(&mut batches, cut);
    }
    let mut values = Vec::with_capacity(groups.firsts.len());
    for first in &groups.firsts {
        let encoded = keys.iter().zip(transforms).map(|(key, transform)| {
            key.encode(*first as usize).map_err(|Misfit| misfit(&batches, transform, *first as usize))
        });
        values.push(encoded.collect::<Result<Vec<_>>>()?);
    }
    drop(keys);
    if let ([_], [values]) = (&groups.firsts[..], &values[..]) {
        let mut first_row = 0;
        let part = |batch: RecordBatch| {
            let part = Part { values: values.clone(), first_row, batch };
            first_row += part.batch.num_rows() as u32;
            part
        };
        return Ok(Partitioned { parts: batches.into_iter().map(part).collect(), rest });
    }
    let parts = split(batches, groups)?.into_iter();
    let parts = parts.map(|(group, first_row, batch)| Part { values: values[group].clone(), first_row, batch });
    Ok(Partitioned { parts: parts.collect(), rest })
}

/// Leaves the first `rows` rows of `batches`; returns the others.
fn cut_off(batches: &mut Vec<RecordBatch>, rows: usize) -> Vec<RecordBatch> {
    let (mut whole, mut left) = (0, rows);
    while left >= batches[whole].num_rows() {
        left -= batches[whole].num_rows();
        whole += 1;
    }
    let mut rest = batches.split_off(whole);
    if left > 0 {
        batches.push(rest[0].slice(0, left));
        rest[0] = rest[0].slice(left, rest[0].num_rows() - left);
    }
    rest
}

/// The value says more than its row, which is one of rows that were put together.
fn misfit(batches: &[RecordBatch], (id, transform): &(i32, Transform), mut row: usize) -> EngineError {
    let mut batches = batches.iter();
    let batch = batches.find(|batch| {
        let is_here = row < batch.num_rows();
        row -= if is_here { 0 } else { batch.num_rows() };
        is_here
    });
    let found = batch.and_then(|batch| find(batch.schema_ref().fields(), batch.columns(), None, *id));
    let (name, value) =
        found.map(|(field, column, _)| (field.name().as_str(), show::value(&column, row))).unwrap_or_default();
    EngineError::invalid_value(format!(
        "column \"{name}\": {value} has a value of partition transform {transform} that does not fit an int; correct the \
         value, or partition the table by another transform"
    ))
    .at_column(name)
}

fn key_column(batches: &[RecordBatch], id: i32, transform: Transform) -> Result<KeyColumn> {
    let absent = || {
        EngineError::invalid_argument(format!(
            "no column (or child of a struct) has field id {id}, which the partition spec names"
        ))
    };
    let (mut columns, mut nulls) = (Vec::with_capacity(batches.len()), Vec::with_capacity(batches.len()));
    let mut name = String::new();
    for batch in batches {
        let found = find(batch.schema_ref().fields(), batch.columns(), None, id);
        let (field, column, null) = found.ok_or_else(absent)?;
        name.clone_from(field.name());
        nulls.push((null, column.len()));
        columns.push(column);
    }
    transform.apply(&columns, joined_nulls(nulls)).map_err(|e| e.at_column(name))
}

fn joined_nulls(parts: Vec<(Option<NullBuffer>, usize)>) -> Option<NullBuffer> {
    if let [(only, _)] = &parts[..] {
        return only.clone();
    }
    if parts.iter().all(|(nulls, _)| nulls.is_none()) {
        return None;
    }
    let mut bits = BooleanBufferBuilder::new(parts.iter().map(|(_, rows)| rows).sum());
    for (nulls, rows) in &parts {
        match nulls {
            Some(nulls) => bits.append_buffer(nulls.inner()),
            None => bits.append_n(*rows, true),
        }
    }
    Some(NullBuffer::new(bits.finish()))
}

type Found<'a> = (&'a Field, ArrayRef, Option<NullBuffer>);

pub(super) fn find<'a>(
    fields: &'a Fields,
    columns: &[ArrayRef],
    above: Option<&NullBuffer>,
    id: i32,
) -> Option<Found<'a>> {
    for (field, column) in fields.iter().zip(columns) {
        let own = field_id(field);
        if own != Some(id) && !matches!(field.data_type(), DataType::Struct(_)) {
            continue;
        }
        let nulls = NullBuffer::union(column.logical_nulls().as_ref(), above);
        if own == Some(id) {
            return Some((field, column.clone(), nulls));
        }
        if let DataType::Struct(children) = field.data_type()
            && let Some(found) = find(children, column.as_struct().columns(), nulls.as_ref(), id)
        {
            return Some(found);
        }
    }
    None
}

/// The rows of each group as batches of their own memory: one that waits does not keep the others alive. Each batch
/// comes after the number of its group and its first row, those of one group together.
fn split(batches: Vec<RecordBatch>, groups: NumberedRows) -> Result<Vec<(usize, u32, RecordBatch)>> {
    let Pieces { ids, pieces } = pieces(&batches, groups);
    let groups = RowGroups::new(&ids, pieces.len());
    let schema = batches[0].schema();
    let mut columns: Vec<Vec<ArrayRef>> = schema.fields().iter().map(|_| Vec::with_capacity(batches.len())).collect();
    for batch in batches {
        columns.iter_mut().zip(batch.into_parts().1).for_each(|(column, array)| column.push(array));
    }
    let mut parts: Vec<Vec<ArrayRef>> = groups.sizes().iter().map(|_| Vec::with_capacity(columns.len())).collect();
    // Column by column, so that each source column goes as soon as its copies are made.
    for column in columns {
        for (part, rows) in parts.iter_mut().zip(gather(&column, &groups)?) {
            part.push(rows);
        }
    }
    let whole = |((columns, rows), (group, first_row)): ((Vec<ArrayRef>, &usize), (usize, u32))| {
        let options = RecordBatchOptions::new().with_row_count(Some(*rows));
        Ok((group, first_row, RecordBatch::try_new_with_options(schema.clone(), columns, &options)?))
    };
    let mut parts = parts.into_iter().zip(groups.sizes()).zip(pieces).map(whole).collect::<Result<Vec<_>>>()?;
    // Later pieces of a group have numbers behind those of all groups.
    parts.sort_by_key(|(group, ..)| *group);
    Ok(parts)
}

/// Rows by piece of a group.
struct Pieces {
    /// The piece of each row.
    ids: Vec<u32>,
    /// Of each piece the group, and its first row.
    pieces: Vec<(usize, u32)>,
}

/// A group is one piece, except where rows are large: it goes on under a new number before a piece has more than about
/// `PIECE_BYTES` in a column. The heap has holes of that size, and a piece that was used leaves one.
fn pieces(batches: &[RecordBatch], groups: NumberedRows) -> Pieces {
    let NumberedRows { mut ids, firsts } = groups;
    let mut pieces: Vec<_> = firsts.into_iter().enumerate().collect();
    let columns = widest_column(batches, ids.len());
    let mut held = vec![0; pieces.len()];
    let mut current: Vec<u32> = (0..pieces.len() as u32).collect();
    let mut row = 0;
    for column in columns {
        let weights = Weights::of(column);
        for (at, id) in ids[row..row + column.len()].iter_mut().enumerate() {
            let group = *id as usize;
            let (weight, held) = (weights.at(at), &mut held[group]);
            if *held > 0 && *held + weight > PIECE_BYTES {
                current[group] = pieces.len() as u32;
                pieces.push((group, (row + at) as u32));
                *held = 0;
            }
            *held += weight;
            *id = current[group];
        }
        row += column.len();
    }
    Pieces { ids, pieces }
}

/// The column of most bytes, if its rows are large and do not fit in one piece. Of small ones a block is never too large,
/// as their number is limited, and each row would be looked at once more.
fn widest_column(batches: &[RecordBatch], rows: usize) -> impl Iterator<Item = &ArrayRef> {
    let mut sizes = vec![0; batches[0].num_columns()];
    for batch in batches {
        sizes.iter_mut().zip(column_sizes(batch)).for_each(|(sum, size)| *sum += size);
    }
    let widest = sizes.iter().enumerate().max_by_key(|(_, size)| **size);
    let widest = widest.filter(|(_, size)| **size > (LARGE_ROW_BYTES * rows).max(PIECE_BYTES) as u64);
    widest.map(|(at, _)| at).into_iter().flat_map(|at| batches.iter().map(move |batch| batch.column(at)))
}

/// What each row of a column takes.
enum Weights<'a> {
    /// Where the values begin and end.
    Offsets(&'a [i32]),
    /// On average.
    Even(usize),
}

impl<'a> Weights<'a> {
    fn of(column: &'a ArrayRef) -> Self {
        match column.data_type() {
            DataType::Utf8 => Self::Offsets(column.as_string::<i32>().value_offsets()),
            DataType::Binary => Self::Offsets(column.as_binary::<i32>().value_offsets()),
            _ => Self::Even((column_size(column) as usize).div_ceil(column.len().max(1))),
        }
    }

    fn at(&self, row: usize) -> usize {
        match self {
            Self::Offsets(offsets) => (offsets[row + 1] - offsets[row]) as usize,
            Self::Even(bytes) => *bytes,
        }
    }
}
