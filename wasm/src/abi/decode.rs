//! Exports of `crate::decode`. Ranges that are needed are `[[start, end], …]` in the meta.

use std::fmt::Write;
use std::ops::Range;

use arrow_buffer::{Buffer, ScalarBuffer};
use bytes::Bytes;
use serde_json::{Value, json};

use super::batch::give_batches;
use super::{answer, block, request, set_meta};
use crate::decode::metadata::{self, FooterReader};
use crate::decode::page_index::{self, PageIndexReader};
use crate::decode::reader::{self, ColumnPath, ParquetFile, ReadRequest, RowGroupRequest, RowGroups};
use crate::error::{EngineError, Result};
use crate::handles;
use crate::schema_json::schema_to_json;

const DONE: i32 = 0;
const BATCH: i32 = 1;
const NEEDS: i32 = 2;

fn range_list(ranges: &[Range<u64>]) -> String {
    let mut text = String::from("[");
    for range in ranges {
        let comma = if text.len() > 1 { "," } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}[{},{}]", range.start, range.end);
    }
    text.push(']');
    text
}

fn offset(value: f64) -> Result<u64> {
    if (0.0..=9_007_199_254_740_991.0).contains(&value) && value.fract() == 0.0 {
        Ok(value as u64)
    } else {
        Err(EngineError::invalid_argument(format!("{value} is not an offset in a file")))
    }
}

/// Starts on the footer of a file of so many bytes.
#[unsafe(no_mangle)]
pub extern "C" fn parquet_footer(file_bytes: f64) -> i32 {
    answer(|| handles::insert(FooterReader::new(offset(file_bytes)?)?))
}

/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn parquet_footer_push(handle: i32, start: f64, ptr: *mut u8, len: usize) -> i32 {
    let bytes = Bytes::from_owner(unsafe { block(ptr, len) });
    answer(|| handles::with::<FooterReader, _>(handle, |f| f.push(offset(start)?, bytes)).map(|()| DONE))
}

/// `NEEDS` and ranges, or `DONE` and `{ file, schema, footer }`: the handle of the file takes this one's place.
#[unsafe(no_mangle)]
pub extern "C" fn parquet_footer_step(handle: i32) -> i32 {
    answer(|| match handles::with::<FooterReader, _>(handle, |f| f.step())? {
        metadata::Step::Needs(ranges) => {
            set_meta(range_list(&ranges));
            Ok(NEEDS)
        }
        metadata::Step::Ready { metadata, file_bytes } => {
            handles::drop_handle(handle);
            let file = ParquetFile::new(metadata, file_bytes)?;
            let (schema, footer) = (schema_to_json(file.schema())?, file.facts().to_json());
            let handle = handles::insert(file)?;
            set_meta(json!({ "file": handle, "schema": schema, "footer": footer }).to_string());
            Ok(DONE)
        }
    })
}

/// Request: `{ rowGroups?, columns?, batchRows?, rows?, memoryLimitBytes? }`; `rowGroups`: `[[index, ranges], …]`, the
/// ranges of rows being a count of those in the second block (start and end of each, as little-endian 32-bit integers), or
/// null for all rows; `columns`: paths. Answers a handle on the rows; the file stays.
///
/// # Safety
/// `ptr` and `len`, `rows_ptr` and `rows_len` are each those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn parquet_read(file: i32, ptr: *mut u8, len: usize, rows_ptr: *mut u8, rows_len: usize) -> i32 {
    let request = unsafe { request(ptr, len) };
    let rows = unsafe { block(rows_ptr, rows_len) };
    answer(|| {
        let request = read_request(&request?, &rows)?;
        handles::insert(handles::with::<ParquetFile, _>(file, |f| f.read(request))?)
    })
}

fn read_request(json: &Value, rows: &Buffer) -> Result<ReadRequest> {
    let bad = |name: &str| EngineError::invalid_argument(format!("{name} is not what it should be"));
    let row_groups = match json.get("rowGroups").and_then(Value::as_array) {
        Some(groups) => Some(row_groups(groups, rows).ok_or_else(|| bad("rowGroups"))?),
        None => None,
    };
    let columns = match json.get("columns").and_then(Value::as_array) {
        Some(paths) => Some(paths.iter().map(path).collect::<Option<Vec<_>>>().ok_or_else(|| bad("columns"))?),
        None => None,
    };
    let whole = |name: &str| match json.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or_else(|| bad(name)),
    };
    let batch_rows = whole("batchRows")?.map(|rows| rows as usize);
    let (rows, memory_limit) = (whole("rows")?, whole("memoryLimitBytes")?);
    Ok(ReadRequest { row_groups, columns, batch_rows, rows, memory_limit, offset_index_cost: None })
}

fn path(names: &Value) -> Option<ColumnPath> {
    names.as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect()
}

fn row_groups(groups: &[Value], rows: &Buffer) -> Option<Vec<RowGroupRequest>> {
    let mut at = 0;
    let mut requests = Vec::new();
    for group in groups {
        let [index, ranges] = group.as_array()?.as_slice() else { return None };
        let numbers = |ranges: &Value| ranges.as_u64()?.checked_mul(2).and_then(|count| usize::try_from(count).ok());
        let rows = match ranges {
            Value::Null => None,
            ranges => {
                let count = numbers(ranges).filter(|count| *count <= rows.len() / 4 - at)?;
                at += count;
                Some(ScalarBuffer::new(rows.clone(), at - count, count))
            }
        };
        requests.push(RowGroupRequest { index: index.as_u64()? as usize, rows });
    }
    Some(requests)
}

/// One of the ranges asked for, whole.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn parquet_rows_push(handle: i32, start: f64, ptr: *mut u8, len: usize) -> i32 {
    let bytes = Bytes::from_owner(unsafe { block(ptr, len) });
    answer(|| handles::with::<RowGroups, _>(handle, |r| r.push(offset(start)?, bytes)).map(|()| DONE))
}

/// `NEEDS` and `{ ranges, maxGapBytes }`, `BATCH` and `[[handle, rows]]`, or `DONE`.
#[unsafe(no_mangle)]
pub extern "C" fn parquet_rows_step(handle: i32) -> i32 {
    answer(|| match handles::with::<RowGroups, _>(handle, |r| r.step())? {
        reader::Step::Needs { ranges, gap } => {
            set_meta(format!("{{\"ranges\":{},\"maxGapBytes\":{gap}}}", range_list(&ranges)));
            Ok(NEEDS)
        }
        reader::Step::Batch(batch) => give_batches(vec![batch]).map(|_| BATCH),
        reader::Step::Done => Ok(DONE),
    })
}

/// Starts on the page index of leaves. Request: `{ rowGroup, leaves, memoryLimitBytes? }`. The file stays.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn parquet_page_index(file: i32, ptr: *mut u8, len: usize) -> i32 {
    let request = unsafe { request(ptr, len) };
    answer(|| {
        let request = request?;
        let bad = |name: &str| EngineError::invalid_argument(format!("{name} is not what it should be"));
        let group = request["rowGroup"].as_u64().ok_or_else(|| bad("rowGroup"))? as usize;
        let leaves = request["leaves"].as_array().ok_or_else(|| bad("leaves"))?;
        let leaves: Option<Vec<usize>> = leaves.iter().map(|leaf| leaf.as_u64().map(|leaf| leaf as usize)).collect();
        let leaves = leaves.ok_or_else(|| bad("leaves"))?;
        let limit = request["memoryLimitBytes"].as_u64();
        handles::insert(handles::with::<ParquetFile, _>(file, |f| f.page_index(group, leaves, limit))?)
    })
}

/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn parquet_page_index_push(handle: i32, start: f64, ptr: *mut u8, len: usize) -> i32 {
    let bytes = Bytes::from_owner(unsafe { block(ptr, len) });
    answer(|| handles::with::<PageIndexReader, _>(handle, |r| r.push(offset(start)?, bytes)).map(|()| DONE))
}

/// `NEEDS` and ranges, or `DONE` and the index (`page_index::Step::Ready`).
#[unsafe(no_mangle)]
pub extern "C" fn parquet_page_index_step(handle: i32) -> i32 {
    answer(|| match handles::with::<PageIndexReader, _>(handle, |r| r.step())? {
        page_index::Step::Needs(ranges) => {
            set_meta(range_list(&ranges));
            Ok(NEEDS)
        }
        page_index::Step::Ready(json) => {
            set_meta(json);
            Ok(DONE)
        }
    })
}
