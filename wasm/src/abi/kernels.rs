//! Exports of `crate::kernels`.

use arrow_array::RecordBatch;
use serde_json::{Value, json};

use super::batch::{give_batches, take_batches};
use super::{answer, handle_list, request, set_meta};
use crate::error::{EngineError, Result};
use crate::handles;
use crate::kernels::align::Aligner;
use crate::kernels::concat::concat;
use crate::kernels::data_size::data_size;
use crate::kernels::partition::{Part, hex, partition};
use crate::kernels::transform::Transform;
use crate::schema_json::schema_from_json;

/// Joins batches and frees them: `[[handle, rows]]` in the meta.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batch_concat(ptr: *mut u8, len: usize) -> i32 {
    let list = unsafe { handle_list(ptr, len) };
    answer(|| give_batches(vec![concat(&take_batches(&list)?)?]))
}

/// An aligner from `{ "source": schema, "target": schema }`.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aligner_new(ptr: *mut u8, len: usize) -> i32 {
    let request = unsafe { request(ptr, len) };
    answer(|| {
        let request = request?;
        let source = schema_from_json(&request["source"])?;
        let target = schema_from_json(&request["target"])?;
        handles::insert(Aligner::new(source.into(), target.into())?)
    })
}

/// The batch in the aligner's target schema; the one given is freed in any case.
#[unsafe(no_mangle)]
pub extern "C" fn aligner_align(handle: i32, batch: i32) -> i32 {
    answer(|| {
        let batch = handles::take::<RecordBatch>(batch)?;
        let aligned = handles::with::<Aligner, _>(handle, |a| a.align(&batch))?;
        handles::insert(aligned)
    })
}

/// Splits a batch, which is freed, by `[{ "sourceId", "transform" }, …]`. Answers the number of parts; the meta lists
/// them as `[{ "key", "values", "firstRow", "rows", "bytes", "handle" }, …]`, bytes as hex.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batch_partition(batch: i32, ptr: *mut u8, len: usize) -> i32 {
    let request = unsafe { request(ptr, len) };
    answer(|| {
        let batch = handles::take::<RecordBatch>(batch)?;
        let parts = partition(batch, &transforms(&request?)?)?;
        let mut given = Vec::with_capacity(parts.len());
        let listed: Result<Value> = parts.into_iter().map(|part| list(part, &mut given)).collect();
        if listed.is_err() {
            given.iter().for_each(|h| handles::drop_handle(*h));
        }
        set_meta(listed?.to_string());
        Ok(given.len() as i32)
    })
}

fn transforms(request: &Value) -> Result<Vec<(i32, Transform)>> {
    let one = |t: &Value| {
        let id = t["sourceId"].as_i64().and_then(|id| i32::try_from(id).ok());
        match (id, t["transform"].as_str()) {
            (Some(id), Some(name)) => Ok((id, Transform::parse(name)?)),
            _ => Err(EngineError::invalid_argument("a partition transform needs a sourceId and a transform")),
        }
    };
    request.as_array().into_iter().flatten().map(one).collect()
}

fn list(part: Part, given: &mut Vec<i32>) -> Result<Value> {
    let key = hex(&part.key());
    let values: Vec<Value> = part.values.iter().map(|v| v.as_deref().map(hex).into()).collect();
    let (rows, bytes) = (part.batch.num_rows(), data_size(&part.batch));
    let handle = handles::insert(part.batch)?;
    given.push(handle);
    Ok(
        json!({ "key": key, "values": values, "firstRow": part.first_row, "rows": rows, "bytes": bytes, "handle": handle }),
    )
}
