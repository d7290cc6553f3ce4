//! The record that names the columns. What is wrong with it is an error: it is no row, which could be left out.

use super::tokens::Record;
use crate::error::{EngineError, Result};

/// Refuses a record that its names cannot be told of; where the caller gives the names, one whose number of them cannot.
pub fn check(record: &Record, names_given: bool) -> Result<()> {
    let line = record.line;
    let fault = |what: String| Err(EngineError::corrupt(format!("CSV: line {line}, the header: {what}")).at_line(line));
    if let Some(reason) = record.malformed {
        return fault(format!("{reason}: correct it, or say what the dialect is (option csv)"));
    }
    if names_given {
        return Ok(());
    }
    let bad = record.cells.iter().position(|c| std::str::from_utf8(&record.bytes[c.start..c.end]).is_err());
    match bad {
        Some(at) => fault(format!(
            "name {} is not UTF-8: write the file as UTF-8 or UTF-16, or name the columns (csv.columnNames)",
            at + 1
        )),
        None => Ok(()),
    }
}
