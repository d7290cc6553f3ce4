//! What a batch can do by itself.

use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::writer::StreamEncoder;
use arrow_schema::SchemaRef;

use crate::error::{EngineError, Result};
use crate::ipc::gathered;
use crate::kernels::data_size::column_sizes;

/// What is smaller costs the host more as a segment of its own than to be copied.
const SMALL_BYTES: usize = 4096;

/// Rows `[start, start + length)`, sharing memory with `batch`.
pub fn slice(batch: &RecordBatch, start: usize, length: usize) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    if start.checked_add(length).is_none_or(|end| end > rows) {
        let text = format!("rows {start}..{} are not within a batch of {rows} rows", start.saturating_add(length));
        return Err(EngineError::invalid_argument(text));
    }
    Ok(batch.slice(start, length))
}

/// The same rows of some of the columns, sharing memory with `batches`.
pub fn project(batches: &[RecordBatch], columns: Range<usize>) -> Result<Vec<RecordBatch>> {
    let columns: Vec<_> = columns.collect();
    batches.iter().map(|b| Ok(b.project(&columns)?)).collect()
}

/// The columns of batches of one schema in `most` parts at most, which follow each other, are of about the same size, and
/// have `least_bytes` each if there is so much.
pub fn parts(batches: &[RecordBatch], most: usize, least_bytes: u64) -> Result<Vec<Range<usize>>> {
    let mut sizes = vec![0; same_schema(batches)?.fields().len()];
    for batch in batches {
        for (sum, size) in sizes.iter_mut().zip(column_sizes(batch)) {
            *sum += size;
        }
    }
    Ok(even_parts(&sizes, most, least_bytes))
}

fn even_parts(sizes: &[u64], most: usize, least_bytes: u64) -> Vec<Range<usize>> {
    let mut rest: u64 = sizes.iter().sum();
    let mut parts = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (column, size) in sizes.iter().enumerate() {
        let left = most.saturating_sub(parts.len()).max(1) as u64;
        let enough = rest.div_ceil(left);
        let may_end = column > start && left > 1 && bytes.min(rest - bytes) >= least_bytes;
        // Whichever is nearer to enough: with this column or without it.
        if may_end && (bytes + size).saturating_sub(enough) > enough.saturating_sub(bytes) {
            parts.push(start..column);
            rest -= bytes;
            (start, bytes) = (column, 0);
        }
        bytes += size;
    }
    parts.push(start..sizes.len());
    parts
}

/// One IPC stream (schema, the batches, end) in segments: large buffers are those of the batches, nothing of them is
/// copied.
pub fn to_ipc(batches: &[RecordBatch]) -> Result<Vec<Buffer>> {
    let schema = same_schema(batches)?;
    let mut encoder = StreamEncoder::try_new(&schema)?;
    let mut parts = Vec::new();
    for batch in batches {
        parts.extend(encoder.encode(batch)?);
    }
    parts.extend(encoder.finish()?);
    Ok(segments(parts))
}

/// The same, of one batch where they can be gathered.
pub fn to_ipc_of_one(batches: &[RecordBatch]) -> Result<Vec<Buffer>> {
    gathered::stream(batches)?.map_or_else(|| to_ipc(batches), |parts| Ok(segments(parts)))
}

fn same_schema(batches: &[RecordBatch]) -> Result<SchemaRef> {
    let schema = batches.first().map(RecordBatch::schema);
    let schema = schema.ok_or_else(|| EngineError::invalid_argument("an IPC stream of no batches"))?;
    if batches.iter().any(|batch| batch.schema() != schema) {
        return Err(EngineError::schema_mismatch("batches of one IPC stream have one schema"));
    }
    Ok(schema)
}

/// Small parts joined.
fn segments(parts: Vec<Buffer>) -> Vec<Buffer> {
    let mut segments = Vec::new();
    let mut small = Vec::new();
    for part in parts {
        if part.len() < SMALL_BYTES {
            small.extend_from_slice(&part);
            continue;
        }
        segments.push(std::mem::take(&mut small).into());
        segments.push(part);
    }
    segments.push(small.into());
    segments
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_are_of_about_the_same_size() {
        assert_eq!(even_parts(&[8, 8, 29, 8, 10, 16, 20], 8, 1), [0..2, 2..3, 3..4, 4..5, 5..6, 6..7]);
        assert_eq!(even_parts(&[10, 10, 10, 10], 2, 1), [0..2, 2..4]);
        assert_eq!(even_parts(&[2, 100], 2, 1), [0..1, 1..2]);
        assert_eq!(even_parts(&[2, 100], 2, 5), [0..2]);
        assert_eq!(even_parts(&[100, 100], 1, 1), [0..2]);
        assert_eq!(even_parts(&[0, 0], 8, 0), [0..2]);
        assert_eq!(even_parts(&[], 8, 1), [0..0]);
    }

    proptest! {
        #[test]
        fn parts_have_every_column_once(
            sizes in prop::collection::vec(0..1000u64, 1..50),
            most in 0..12usize,
            least in 0..500u64,
        ) {
            let parts = even_parts(&sizes, most, least);
            prop_assert!(parts.len() <= most.max(1));
            prop_assert_eq!(parts.iter().cloned().flatten().collect::<Vec<_>>(), (0..sizes.len()).collect::<Vec<_>>());
            prop_assert!(parts.iter().all(|part| !part.is_empty()));
            let bytes = |part: &Range<usize>| sizes[part.clone()].iter().sum::<u64>();
            prop_assert!(parts.len() == 1 || parts.iter().all(|part| bytes(part) >= least));
        }
    }
}
