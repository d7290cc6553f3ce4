//! What a batch can do by itself.

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::writer::StreamEncoder;

use crate::error::{EngineError, Result};

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

/// One IPC stream (schema, the batches, end) in segments: large buffers are those of the batches, nothing of them is
/// copied.
pub fn to_ipc(batches: &[RecordBatch]) -> Result<Vec<Buffer>> {
    let schema = batches.first().map(RecordBatch::schema);
    let schema = schema.ok_or_else(|| EngineError::invalid_argument("an IPC stream of no batches"))?;
    let mut encoder = StreamEncoder::try_new(&schema)?;
    let mut parts = Vec::new();
    for batch in batches {
        if batch.schema() != schema {
            return Err(EngineError::schema_mismatch("batches of one IPC stream have one schema"));
        }
        parts.extend(encoder.encode(batch)?);
    }
    parts.extend(encoder.finish()?);
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
    Ok(segments)
}
