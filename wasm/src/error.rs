//! What a call answers when it fails: a code of `src/errors.ts`, a message, and the place.

use arrow_schema::ArrowError;
use parquet::errors::ParquetError;
use serde_json::{Map, Value};

pub type Result<T> = std::result::Result<T, EngineError>;

#[derive(Debug, Clone, PartialEq)]
pub struct EngineError {
    /// One of `ErrorCode` in `src/errors.ts`.
    pub code: &'static str,
    pub message: String,
    /// 0-based row.
    pub row: Option<u64>,
    /// 1-based line of a text source.
    pub line: Option<u64>,
    /// Dotted column path.
    pub column: Option<String>,
    /// Where a memory limit is too small: one that would do.
    pub needed: Option<u64>,
}

impl EngineError {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), row: None, line: None, column: None, needed: None }
    }
    pub fn corrupt(message: impl Into<String>) -> Self {
        Self::new("SOURCE_CORRUPT", message)
    }
    pub fn invalid_value(message: impl Into<String>) -> Self {
        Self::new("INVALID_VALUE", message)
    }
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new("INVALID_ARGUMENT", message)
    }
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new("UNSUPPORTED", message)
    }
    pub fn schema_mismatch(message: impl Into<String>) -> Self {
        Self::new("SCHEMA_MISMATCH", message)
    }
    /// A state that the engine's own code must not reach.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new("ENGINE_FAILED", message)
    }
    pub fn too_small(needed: u64, message: impl Into<String>) -> Self {
        Self { needed: Some(needed), ..Self::new("MEMORY_LIMIT_TOO_SMALL", message) }
    }
    pub fn at_row(mut self, row: u64) -> Self {
        self.row = Some(row);
        self
    }
    pub fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }
    pub fn at_column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }
    pub fn to_json(&self) -> String {
        let mut map = Map::new();
        map.insert("code".into(), self.code.into());
        map.insert("message".into(), self.message.clone().into());
        if let Some(row) = self.row {
            map.insert("row".into(), row.into());
        }
        if let Some(line) = self.line {
            map.insert("line".into(), line.into());
        }
        if let Some(column) = &self.column {
            map.insert("column".into(), column.clone().into());
        }
        if let Some(needed) = self.needed {
            map.insert("neededBytes".into(), needed.into());
        }
        Value::Object(map).to_string()
    }
}

/// The text of an Arrow error without the name of its variant.
pub fn arrow_text(e: &ArrowError) -> String {
    match e {
        ArrowError::ParseError(s)
        | ArrowError::InvalidArgumentError(s)
        | ArrowError::IpcError(s)
        | ArrowError::SchemaError(s)
        | ArrowError::CastError(s)
        | ArrowError::ComputeError(s)
        | ArrowError::JsonError(s)
        | ArrowError::CsvError(s)
        | ArrowError::IoError(s, _) => s.clone(),
        // What came from the parquet crate says so once more.
        ArrowError::ParquetError(s) => s.trim_start_matches("Parquet error: ").to_string(),
        other => other.to_string(),
    }
}

/// The same of one of the parquet crate.
pub fn parquet_text(e: ParquetError) -> String {
    match e {
        ParquetError::General(s) => s,
        other => other.to_string(),
    }
}

/// Errors of Arrow where no more is known: the engine's own. Readers map them to SOURCE_CORRUPT themselves.
impl From<ArrowError> for EngineError {
    fn from(e: ArrowError) -> Self {
        Self::failed(arrow_text(&e))
    }
}

impl From<ParquetError> for EngineError {
    fn from(e: ParquetError) -> Self {
        Self::failed(parquet_text(e))
    }
}

impl std::fmt::Display for EngineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for EngineError {}
