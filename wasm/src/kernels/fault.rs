//! A value that does not fit, on its way up from a leaf to the batch's column and row.

use arrow_schema::ArrowError;

use crate::error::{EngineError, arrow_text};

#[derive(Debug)]
pub struct Fault {
    /// Row in the array that the kernel which holds the fault was given.
    pub row: usize,
    /// Column path, innermost name first.
    path: Vec<String>,
    reason: String,
}

#[derive(Debug)]
pub enum Failure {
    Value(Fault),
    Engine(EngineError),
}

impl Failure {
    pub fn at(row: usize, reason: impl Into<String>) -> Self {
        Self::Value(Fault { row, path: Vec::new(), reason: reason.into() })
    }

    /// The fault as the parent of a nested column sees it: `row_of` turns the child's row into the parent's.
    pub fn map_row(self, row_of: impl FnOnce(usize) -> usize) -> Self {
        match self {
            Self::Value(mut fault) => {
                fault.row = row_of(fault.row);
                Self::Value(fault)
            }
            engine => engine,
        }
    }

    pub fn within(self, name: &str) -> Self {
        match self {
            Self::Value(mut fault) => {
                fault.path.push(name.to_owned());
                Self::Value(fault)
            }
            Self::Engine(mut error) => {
                let inner = error.column.take();
                error.column = Some(inner.map_or_else(|| name.to_owned(), |inner| format!("{name}.{inner}")));
                Self::Engine(error)
            }
        }
    }
}

impl From<Failure> for EngineError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Engine(error) => error,
            Failure::Value(Fault { row, mut path, reason }) => {
                path.reverse();
                let column = path.join(".");
                EngineError::invalid_value(format!("column \"{column}\", row {row} of the batch: {reason}"))
                    .at_row(row as u64)
                    .at_column(column)
            }
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<ArrowError> for Failure {
    fn from(error: ArrowError) -> Self {
        Self::Engine(EngineError::failed(arrow_text(&error)))
    }
}
