//! Exports of `crate::text`.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use serde_json::{Value, json};

use super::batch::give_batches;
use super::{answer, block, request, set_meta};
use crate::error::{EngineError, Result};
use crate::handles;
use crate::schema_json::{schema_from_json, schema_to_json};
use crate::text::csv::{CsvOptions, CsvReader};
use crate::text::csv_infer::{self, Given};
use crate::text::json::JsonReader;
use crate::text::json_fill::Unknown;
use crate::text::json_infer;
use crate::text::place;
use crate::text::rows::BatchSize;
use crate::text::tokens::Dialect;

enum Reader {
    Csv(CsvReader),
    Json(JsonReader),
}

impl Reader {
    fn push(&mut self, bytes: &[u8]) -> Result<Vec<RecordBatch>> {
        match self {
            Reader::Csv(reader) => reader.push(bytes),
            Reader::Json(reader) => reader.begin(bytes),
        }
    }
    /// A cell has a byte at least, and so all batches of a piece of CSV are little more than it.
    fn more(&mut self) -> Result<Vec<RecordBatch>> {
        match self {
            Reader::Csv(_) => Ok(Vec::new()),
            Reader::Json(reader) => reader.more(),
        }
    }
    fn finish(&mut self) -> Result<Vec<RecordBatch>> {
        match self {
            Reader::Csv(reader) => reader.finish(),
            Reader::Json(reader) => reader.finish(),
        }
    }
    fn take_rejects(&mut self) -> Value {
        match self {
            Reader::Csv(reader) => reader.take_rejects(),
            Reader::Json(reader) => reader.take_rejects(),
        }
    }
}

/// `CsvReaderOptions` of `src/engine/engine.ts`.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn csv_new(ptr: *mut u8, len: usize) -> i32 {
    let request = unsafe { request(ptr, len) };
    answer(|| {
        let request = request?;
        let (schema, batch, fail) = common(&request)?;
        let given = given(&request["dialect"])?;
        let dialect = Dialect {
            delimiter: given.delimiter.ok_or_else(|| option("delimiter", "is missing"))?,
            quote: given.quote.unwrap_or(Some(b'"')),
            escape: given.escape.unwrap_or(None),
            comment: given.comment.unwrap_or(None),
        };
        let options = CsvOptions {
            dialect,
            header: given.header.unwrap_or(false),
            names_given: is_set(&request, "namesGiven"),
            null_values: given.null_values.unwrap_or_default(),
            batch,
            fail,
        };
        handles::insert(Reader::Csv(CsvReader::new(schema, options)?))
    })
}

/// `JsonReaderOptions` of `src/engine/engine.ts`.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn json_new(ptr: *mut u8, len: usize) -> i32 {
    let request = unsafe { request(ptr, len) };
    answer(|| {
        let request = request?;
        let (schema, batch, fail) = common(&request)?;
        let unknown = match request["unknownFields"].as_str() {
            Some("fail") => Unknown::Fail,
            Some("ignore") => Unknown::Ignore,
            _ => return Err(option("unknownFields", "must be fail or ignore")),
        };
        handles::insert(Reader::Json(JsonReader::new(schema, batch, fail, unknown)?))
    })
}

/// Batches that became whole: `[[handle, rows], …]` in the meta. Where there are any, there may be more.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn text_push(handle: i32, ptr: *mut u8, len: usize) -> i32 {
    let bytes = unsafe { block(ptr, len) };
    reading(|| give_batches(handles::with::<Reader, _>(handle, |r| r.push(&bytes))?))
}

/// The next batches of the bytes that were pushed last; none: the next may be pushed.
#[unsafe(no_mangle)]
pub extern "C" fn text_more(handle: i32) -> i32 {
    reading(|| give_batches(handles::with::<Reader, _>(handle, |r| r.more())?))
}

#[unsafe(no_mangle)]
pub extern "C" fn text_finish(handle: i32) -> i32 {
    reading(|| give_batches(handles::with::<Reader, _>(handle, |r| r.finish())?))
}

/// `RejectedRow[]` in the meta.
#[unsafe(no_mangle)]
pub extern "C" fn text_rejects(handle: i32) -> i32 {
    answer(|| {
        set_meta(handles::with::<Reader, _>(handle, |r| Ok(r.take_rejects()))?.to_string());
        Ok(0)
    })
}

/// `GivenCsv`, whether the sample is all there is (not 0), and the sample; `CsvInference` in the meta.
///
/// # Safety
/// Each `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn csv_infer(given_ptr: *mut u8, given_len: usize, whole: u32, ptr: *mut u8, len: usize) -> i32 {
    let (request, sample) = unsafe { (request(given_ptr, given_len), block(ptr, len)) };
    reading(|| {
        let found = csv_infer::infer(&sample, &given(&request?)?, whole != 0)?;
        let character = |byte: Option<u8>| byte.map(|byte| char::from(byte).to_string());
        let answer = json!({
            "dialect": {
                "delimiter": character(Some(found.dialect.delimiter)),
                "quote": character(found.dialect.quote),
                "escape": character(found.dialect.escape),
                "comment": character(found.dialect.comment),
                "header": found.header,
                "nullValues": found.null_values,
            },
            "schema": schema_to_json(&found.schema)?,
            "rows": found.rows,
            "nextLine": found.next_line,
        });
        set_meta(answer.to_string());
        Ok(0)
    })
}

/// Whether the sample is all there is (not 0), and the sample; `JsonInference` in the meta.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn json_infer(whole: u32, ptr: *mut u8, len: usize) -> i32 {
    let sample = unsafe { block(ptr, len) };
    reading(|| {
        let found = json_infer::infer(&sample, whole != 0)?;
        let schema = schema_to_json(&found.schema)?;
        set_meta(json!({ "schema": schema, "rows": found.rows, "nextLine": found.next_line }).to_string());
        Ok(0)
    })
}

/// The line of the row at which the last of these calls trapped; 0: none did, or it had come to no row.
#[unsafe(no_mangle)]
pub extern "C" fn text_line() -> f64 {
    place::line() as f64
}

/// As `answer`, of a call that reads rows.
fn reading(call: impl FnOnce() -> Result<i32>) -> i32 {
    let answered = answer(call);
    place::leave();
    answered
}

fn is_set(request: &Value, name: &str) -> bool {
    request[name].as_bool().unwrap_or(false)
}

fn option(name: &str, what: &str) -> EngineError {
    EngineError::invalid_argument(format!("option {name} {what}"))
}

fn common(request: &Value) -> Result<(SchemaRef, BatchSize, bool)> {
    let schema = Arc::new(schema_from_json(&request["schema"])?);
    let number = |name: &str| {
        let number = request[name].as_u64().and_then(|number| usize::try_from(number).ok()).filter(|n| *n > 0);
        number.ok_or_else(|| option(name, "must be a whole number, 1 or more"))
    };
    let batch = BatchSize { rows: number("batchRows")?, bytes: number("batchBytes")? };
    match request["onBadRow"].as_str() {
        Some("fail") => Ok((schema, batch, true)),
        Some("reject") => Ok((schema, batch, false)),
        _ => Err(option("onBadRow", "must be fail or reject")),
    }
}

fn given(dialect: &Value) -> Result<Given> {
    let character = |name: &str| match &dialect[name] {
        Value::Null => Ok(None),
        Value::String(text) if text.len() == 1 && !matches!(text.as_bytes()[0], b'\n' | b'\r' | 0x80..) => {
            Ok(Some(text.as_bytes()[0]))
        }
        other => Err(option(name, &format!("must be one ASCII character, and not {other}"))),
    };
    // Left out is unknown, null is none.
    let maybe = |name: &str| match dialect.get(name) {
        None => Ok(None),
        Some(_) => character(name).map(Some),
    };
    let texts = |values: &Vec<Value>| values.iter().map(|v| v.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
    let null_values = match dialect.get("nullValues").and_then(Value::as_array) {
        Some(values) => Some(texts(values).ok_or_else(|| option("nullValues", "must be texts"))?),
        None => None,
    };
    let given = Given {
        delimiter: character("delimiter")?,
        quote: maybe("quote")?,
        escape: maybe("escape")?,
        comment: maybe("comment")?,
        header: dialect.get("header").and_then(Value::as_bool),
        null_values,
        names_given: is_set(dialect, "namesGiven"),
    };
    if given.delimiter.is_some() && given.quote.flatten() == given.delimiter {
        return Err(option("quote", "must not be the delimiter"));
    }
    Ok(given)
}
