//! Exports of `crate::kernels`.

use std::fmt::Write;

use arrow_array::RecordBatch;
use serde_json::Value;

use super::batch::{give_batches, push_list, take_batches};
use super::{answer, integers, request, set_meta};
use crate::error::{EngineError, Result};
use crate::handles;
use crate::hex::push_hex;
use crate::kernels::align::{Aligner, MatchBy};
use crate::kernels::concat::concat;
use crate::kernels::data_size::data_size;
use crate::kernels::partition::{Part, Partitioned, partition};
use crate::kernels::transform::Transform;
use crate::schema_json::schema_from_json;

/// Joins batches and frees them: `[[handle, rows]]` in the meta.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batch_concat(ptr: *mut u8, len: usize) -> i32 {
    let list = unsafe { integers(ptr, len) };
    answer(|| give_batches(vec![concat(&take_batches(&list)?)?]))
}

/// An aligner from `{ "source": schema, "target": schema, "matchBy": "name" or "fieldId", "constants": [{ "path": […],
/// "value": text or null }, …] }`.
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
        let constants = constants(&request["constants"])?;
        let match_by = if request["matchBy"] == "fieldId" { MatchBy::FieldId } else { MatchBy::Name };
        handles::insert(Aligner::with_rules(source.into(), target.into(), match_by, constants)?)
    })
}

fn constants(list: &Value) -> Result<Vec<(Vec<String>, Option<String>)>> {
    let one = |constant: &Value| {
        let path: Option<Vec<String>> =
            constant["path"].as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect();
        match &constant["value"] {
            Value::Null => Some((path?, None)),
            value => Some((path?, Some(value.as_str()?.to_owned()))),
        }
    };
    let list = list.as_array().into_iter().flatten().map(one).collect::<Option<_>>();
    list.ok_or_else(|| EngineError::invalid_argument("a constant needs a path of names, and a text or null"))
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

/// Splits batches (a list of handles, consumed) by `{ "transforms": [{ "sourceId", "transform" }, …], "mostParts" }`.
/// Answers the number of parts; the meta is `{ "parts": [part, …], "rest": [[handle, rows], …] }`, with each part as
/// `push_part` writes it.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batch_partition(ptr: *mut u8, len: usize, request_ptr: *mut u8, request_len: usize) -> i32 {
    let given = unsafe { integers(ptr, len) };
    let request = unsafe { request(request_ptr, request_len) };
    answer(|| {
        let (parts, rest) = routed(take_batches(&given)?, &request?)?;
        let mut given = Vec::with_capacity(parts.len());
        // Written by hand: a batch may fall into hundreds of parts, and a tree of JSON values costs more than they do.
        let mut text = String::from("{\"parts\":[");
        let listed: Result<()> = parts.into_iter().try_for_each(|part| list(part, &mut given, &mut text));
        if listed.is_err() {
            given.iter().for_each(|h| handles::drop_handle(*h));
        }
        listed?;
        text.push_str("],\"rest\":");
        push_list(&mut text, rest)?;
        text.push('}');
        set_meta(text);
        Ok(given.len() as i32)
    })
}

/// The rows by partition tuple, as the request says, and those that were left.
pub(super) fn routed(batches: Vec<RecordBatch>, request: &Value) -> Result<(Vec<Part>, Vec<RecordBatch>)> {
    let most_parts = request["mostParts"].as_u64().map_or(usize::MAX, |most| most.max(1) as usize);
    let Partitioned { parts, rest } = partition(batches, &transforms(&request["transforms"])?, most_parts)?;
    Ok((parts, rest))
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

fn list(part: Part, given: &mut Vec<i32>, text: &mut String) -> Result<()> {
    if !given.is_empty() {
        text.push(',');
    }
    given.push(push_part(text, part)?);
    Ok(())
}

/// Gives the part's batch to the host: `[key as hex, first row, rows, bytes, handle]`; returns its handle.
pub(super) fn push_part(text: &mut String, part: Part) -> Result<i32> {
    let (rows, bytes) = (part.batch.num_rows(), data_size(&part.batch));
    text.push_str("[\"");
    push_hex(text, &part.key());
    let (first_row, handle) = (part.first_row, handles::insert(part.batch)?);
    // Writing to a String cannot fail.
    let _ = write!(text, "\",{first_row},{rows},{bytes},{handle}]");
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Int32Array, StringArray};

    use super::*;

    #[test]
    fn parts_are_listed_as_json() {
        let columns: Vec<(&str, arrow_array::ArrayRef)> = vec![
            ("a", Arc::new(Int32Array::from(vec![Some(1), None, Some(1)]))),
            ("b", Arc::new(StringArray::from(vec!["x\"", "", "x\""]))),
        ];
        let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
        let rows = |rows: &[u32]| {
            arrow_select::take::take_record_batch(&batch, &arrow_array::UInt32Array::from(rows.to_vec())).unwrap()
        };
        let parts = [
            Part { values: vec![Some(vec![1, 0]), Some(b"x\"".to_vec())], first_row: 0, batch: rows(&[0, 2]) },
            Part { values: vec![None, Some(vec![])], first_row: 1, batch: rows(&[1]) },
        ];
        let (mut given, mut text) = (Vec::new(), String::from("["));
        for part in parts {
            list(part, &mut given, &mut text).unwrap();
        }
        let listed: Value = serde_json::from_str(&(text + "]")).unwrap();
        let expected = serde_json::json!([
            ["0100000002010001000000027822", 0, 2, 20, given[0]],
            ["000100000000", 1, 1, 8, given[1]],
        ]);
        assert_eq!(listed, expected);
        given.into_iter().for_each(handles::drop_handle);
    }
}
