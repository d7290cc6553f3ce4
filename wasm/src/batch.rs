//! What a batch can do by itself.

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;

use crate::error::{EngineError, Result};

/// Rows `[start, start + length)`, sharing memory with `batch`.
pub fn slice(batch: &RecordBatch, start: usize, length: usize) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    if start.checked_add(length).is_none_or(|end| end > rows) {
        let text = format!("rows {start}..{} are not within a batch of {rows} rows", start.saturating_add(length));
        return Err(EngineError::invalid_argument(text));
    }
    Ok(batch.slice(start, length))
}

/// One IPC stream: schema, the batch, end.
pub fn to_ipc(batch: &RecordBatch) -> Result<Vec<u8>> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
    writer.write(batch)?;
    writer.finish()?;
    Ok(writer.into_inner()?)
}
