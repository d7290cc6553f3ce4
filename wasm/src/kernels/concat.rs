//! Rows of several batches as one.

use arrow_array::RecordBatch;

use crate::error::{EngineError, Result};

/// All batches have one schema; there is at least one.
pub fn concat(batches: &[RecordBatch]) -> Result<RecordBatch> {
    let Some(first) = batches.first() else {
        return Err(EngineError::invalid_argument("concat needs at least one batch"));
    };
    if let [only] = batches {
        return Ok(only.clone());
    }
    require_one_schema(batches)?;
    Ok(arrow_select::concat::concat_batches(first.schema_ref(), batches)?)
}

pub fn require_one_schema(batches: &[RecordBatch]) -> Result<()> {
    let Some(first) = batches.first() else { return Ok(()) };
    if let Some(other) = batches.iter().find(|b| b.schema_ref() != first.schema_ref()) {
        let differs = first.schema_ref().fields().iter().zip(other.schema_ref().fields()).find(|(a, b)| a != b);
        let column = differs.map(|(a, _)| a.name().as_str()).unwrap_or("the number of columns");
        return Err(EngineError::schema_mismatch(format!("batches to join differ in their schema: {column}")));
    }
    Ok(())
}
