//! Exports of `crate::bare`.

use arrow_schema::SchemaRef;

use super::batch::{push_list, take_batches};
use super::kernels::{push_part, routed};
use super::{answer, block, integers, request, set_meta, set_out};
use crate::bare::clustered::Clustered;
use crate::error::EngineError;
use crate::{bare, handles};

/// Groups rows as `batch_partition` does; `pieceBytes` of the request: see `Clustered`. Answers a handle; the meta is
/// `{ "handle", "rows", "rest": [[handle, rows], …] }`.
///
/// # Safety
/// Each pointer and length are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batch_cluster(ptr: *mut u8, len: usize, request_ptr: *mut u8, request_len: usize) -> i32 {
    let given = unsafe { integers(ptr, len) };
    let request = unsafe { request(request_ptr, request_len) };
    answer(|| {
        let batches = take_batches(&given)?;
        let request = request?;
        let piece_bytes = request["pieceBytes"].as_u64().unwrap_or(0) as usize;
        let first = batches.first().ok_or_else(|| EngineError::invalid_argument("no batch to cluster"))?;
        let schema = first.schema();
        let (parts, rest) = routed(batches, &request)?;
        let rows: usize = parts.iter().map(|part| part.batch.num_rows()).sum();
        let handle = handles::insert(Clustered::new(schema, parts, piece_bytes))?;
        let mut text = format!("{{\"handle\":{handle},\"rows\":{rows},\"rest\":");
        push_list(&mut text, rest).inspect_err(|_| handles::drop_handle(handle))?;
        text.push('}');
        set_meta(text);
        Ok(handle)
    })
}

/// The next pieces as records, as output; 0 segments: no rows are left.
#[unsafe(no_mangle)]
pub extern "C" fn clustered_records(clustered: i32, at_least: usize) -> i32 {
    answer(|| {
        let records = handles::with::<Clustered, _>(clustered, |rows| rows.records(at_least))?;
        Ok(set_out(records))
    })
}

/// The next piece as a batch: the meta is that of a part of `batch_partition`, or null when no rows are left.
#[unsafe(no_mangle)]
pub extern "C" fn clustered_next(clustered: i32) -> i32 {
    answer(|| {
        let mut text = String::new();
        match handles::with::<Clustered, _>(clustered, Clustered::next_piece)? {
            Some((_, part)) => _ = push_part(&mut text, part)?,
            None => text.push_str("null"),
        }
        set_meta(text);
        Ok(0)
    })
}

/// A reader of the records of these rows, and of others with their schema.
#[unsafe(no_mangle)]
pub extern "C" fn bare_new(clustered: i32) -> i32 {
    answer(|| handles::insert(handles::with::<Clustered, _>(clustered, |rows| Ok(rows.schema().clone()))?))
}

/// A batch of the rows of all records in the first `used` bytes.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bare_read(reader: i32, ptr: *mut u8, len: usize, used: usize) -> i32 {
    let bytes = unsafe { block(ptr, len) };
    answer(|| {
        let bytes = bytes.slice_with_length(0, used.min(len));
        handles::insert(handles::with::<SchemaRef, _>(reader, |schema| bare::read(schema, bytes))?)
    })
}
