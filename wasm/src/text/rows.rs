//! Rows into batches: cut by rows and bytes of the data alone, bad rows thrown or set aside.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use serde_json::{Value, json};

use super::column::Column;
use crate::error::{EngineError, Result};

/// Where a batch is closed: it has so many rows, or its values take so many bytes. What they lie in while they come is
/// up to three times as large: it grows to the double, beside what it grows from.
#[derive(Clone, Copy, Debug)]
pub struct BatchSize {
    pub rows: usize,
    pub bytes: usize,
}

/// The most rows of a batch between two looks at its bytes, which are sums over all columns; fewer where their text is
/// long.
const UNSEEN_ROWS: usize = 64;
/// Characters of a rejected row that are kept.
pub const TEXT_CHARS: usize = 4096;
/// Bytes that are enough for them.
pub const TEXT_BYTES: usize = 4 * TEXT_CHARS;

pub struct Rejected {
    pub line: u64,
    pub row: u64,
    pub column: Option<String>,
    pub reason: String,
    pub text: String,
}

/// What is wrong with a row; no column: the row as a whole.
#[derive(Debug)]
pub struct Fault {
    pub column: Option<String>,
    pub reason: String,
}

impl Fault {
    pub fn whole(reason: impl Into<String>) -> Self {
        Self { column: None, reason: reason.into() }
    }
    /// The place of a nested value: its name before those inside.
    pub fn within(self, name: &str) -> Self {
        let column = self.column.map_or_else(|| name.to_owned(), |inner| format!("{name}.{inner}"));
        Self { column: Some(column), ..self }
    }
    pub fn of(column: &str, reason: impl Into<String>) -> Self {
        Self { column: Some(column.to_owned()), reason: reason.into() }
    }
}

pub struct Rows {
    pub schema: SchemaRef,
    pub columns: Vec<Column>,
    most: BatchSize,
    fail: bool,
    /// Rows of the source, bad ones counted.
    row: u64,
    filled: usize,
    /// The row after which the batch's bytes are looked at next, and what the text of rows takes since the last look.
    next_look: usize,
    unseen_bytes: usize,
    done: Vec<RecordBatch>,
    rejects: Vec<Rejected>,
}

impl Rows {
    pub fn new(schema: SchemaRef, most: BatchSize, fail: bool) -> Result<Self> {
        if most.rows == 0 {
            return Err(EngineError::invalid_argument("batchRows must be 1 or more"));
        }
        let columns = schema.fields().iter().map(Column::new).collect::<Result<_>>()?;
        let (done, rejects) = (Vec::new(), Vec::new());
        Ok(Self { schema, columns, most, fail, row: 0, filled: 0, next_look: 1, unseen_bytes: 0, done, rejects })
    }

    /// Rows in the columns now.
    pub fn filled(&self) -> usize {
        self.filled
    }

    /// Ends the row whose values were pushed; they were read from so many bytes of text.
    pub fn end(&mut self, text_bytes: usize) -> Result<()> {
        self.row += 1;
        self.filled += 1;
        self.unseen_bytes += text_bytes;
        let is_due = self.filled == self.next_look || self.unseen_bytes >= self.most.bytes / 2;
        if self.filled >= self.most.rows || is_due && self.is_full() { self.close() } else { Ok(()) }
    }

    /// Ends a row that cannot be, and takes its values back.
    pub fn reject(&mut self, Fault { column, reason }: Fault, line: u64, text: &[u8]) -> Result<()> {
        let row = self.row;
        self.row += 1;
        self.take_back();
        if self.fail {
            let place = column.as_ref().map_or(String::new(), |name| format!(", column {name}"));
            let error = EngineError::invalid_value(format!("line {line}{place}: {reason}")).at_line(line).at_row(row);
            return Err(match column {
                Some(name) => error.at_column(name),
                None => error,
            });
        }
        let text = String::from_utf8_lossy(&text[..text.len().min(TEXT_BYTES)]);
        let end = text.char_indices().nth(TEXT_CHARS).map_or(text.len(), |(at, _)| at);
        self.rejects.push(Rejected { line, row, column, reason, text: text[..end].to_owned() });
        Ok(())
    }

    /// Drops the values of a row that has not ended.
    pub fn take_back(&mut self) {
        for column in &mut self.columns {
            column.truncate(self.filled);
        }
    }

    /// Whether there are enough bytes; if not, the next look is where they may be.
    fn is_full(&mut self) -> bool {
        let bytes = self.columns.iter().map(Column::bytes).sum::<usize>();
        let missing = self.most.bytes.saturating_sub(bytes);
        if bytes >= self.most.bytes / 4 {
            // What is still to come is known now.
            self.columns.iter_mut().for_each(|column| column.make_room(self.most.bytes as f64 / bytes as f64));
        }
        let row_bytes = (bytes / self.filled).max(1);
        // Half the way: the next rows may be larger.
        self.next_look = self.filled + (missing / row_bytes / 2).clamp(1, UNSEEN_ROWS);
        self.unseen_bytes = 0;
        missing == 0
    }

    fn close(&mut self) -> Result<()> {
        let arrays = self.columns.iter_mut().map(Column::finish).collect::<Result<Vec<ArrayRef>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.filled));
        self.done.push(RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?);
        (self.filled, self.next_look, self.unseen_bytes) = (0, 1, 0);
        Ok(())
    }

    /// No more rows will come.
    pub fn finish(&mut self) -> Result<()> {
        if self.filled > 0 { self.close() } else { Ok(()) }
    }

    /// Whether one is whole that was not taken.
    pub fn has_batch(&self) -> bool {
        !self.done.is_empty()
    }

    pub fn take_batches(&mut self) -> Vec<RecordBatch> {
        std::mem::take(&mut self.done)
    }

    /// `RejectedRow[]` of `src/engine/engine.ts`.
    pub fn take_rejects(&mut self) -> Value {
        let rejects = std::mem::take(&mut self.rejects).into_iter().map(
            |Rejected { line, row, column, reason, text }| json!({ "line": line, "row": row, "column": column, "reason": reason, "text": text }),
        );
        Value::Array(rejects.collect())
    }
}
