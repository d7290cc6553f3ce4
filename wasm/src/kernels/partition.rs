//! Splits the rows of a batch by partition tuple.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use arrow_schema::{DataType, Field, Fields};
use icestream_routing::{NumberedRows, RowGroups};

use super::concat::require_one_schema;
use super::gather::gather;
use super::group::group;
use super::keys::KeyColumn;
pub use super::show::push_hex;
use super::transform::Transform;
use crate::error::{EngineError, Result};
use crate::schema_json::field_id;

/// Rows that share a partition tuple.
pub struct Part {
    /// Single-value bytes of the result type by transform; None: null.
    pub values: Vec<Option<Vec<u8>>>,
    /// The first row of the tuple in the batch that was split.
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

/// The rows of `batches`, one after the other, by partition tuple: parts in order of their first row, rows in the order
/// they had. `transforms`: source field ids and what is done to them. A tuple has one part, except where it is the only
/// one: then the batches stay what they are. Rows are split up to the one that would begin more than `most_parts`, which
/// is at least 1.
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
        values.push(keys.iter().map(|k| k.encode(*first as usize)).collect::<Result<Vec<_>>>()?);
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
    let parts = split(batches, &groups)?.into_iter().zip(values).zip(groups.firsts);
    let parts = parts.map(|((batch, values), first_row)| Part { values, first_row, batch }).collect();
    Ok(Partitioned { parts, rest })
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

/// The rows of each group as batches of their own memory: one that waits does not keep the others alive.
fn split(batches: Vec<RecordBatch>, groups: &NumberedRows) -> Result<Vec<RecordBatch>> {
    let groups = RowGroups::new(&groups.ids, groups.firsts.len());
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
    let whole = |(columns, rows): (Vec<ArrayRef>, &usize)| {
        let options = RecordBatchOptions::new().with_row_count(Some(*rows));
        RecordBatch::try_new_with_options(schema.clone(), columns, &options).map_err(EngineError::from)
    };
    parts.into_iter().zip(groups.sizes()).map(whole).collect()
}
