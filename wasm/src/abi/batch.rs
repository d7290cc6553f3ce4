//! Record batches held by the host.

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;

use super::{answer, integers, set_meta, set_out};
use crate::error::{EngineError, Result};
use crate::kernels::compact::compact;
use crate::kernels::data_size::column_sizes;
use crate::schema_json::schema_to_json;
use crate::{batch, handles};

/// Gives batches to the host: a handle each; the meta lists them as `[[handle, rows], …]`. Answers their number.
pub(crate) fn give_batches(batches: Vec<RecordBatch>) -> Result<i32> {
    let mut text = String::new();
    let count = batches.len() as i32;
    push_list(&mut text, batches)?;
    set_meta(text);
    Ok(count)
}

/// The list alone.
pub(crate) fn push_list(text: &mut String, batches: Vec<RecordBatch>) -> Result<()> {
    text.push('[');
    for (at, batch) in batches.into_iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let rows = batch.num_rows();
        text.push_str(&format!("{comma}[{},{rows}]", handles::insert(batch)?));
    }
    text.push(']');
    Ok(())
}

/// Takes the batches of handles; all are freed, also when one of them is not a batch.
pub(crate) fn take_batches(handles: &[i32]) -> Result<Vec<RecordBatch>> {
    let taken: Vec<_> = handles.iter().map(|h| handles::take::<RecordBatch>(*h)).collect();
    taken.into_iter().collect()
}

fn with<R>(handle: i32, use_it: impl FnOnce(&mut RecordBatch) -> Result<R>) -> Result<R> {
    handles::with::<RecordBatch, R>(handle, use_it)
}

#[unsafe(no_mangle)]
pub extern "C" fn batch_rows(handle: i32) -> i32 {
    answer(|| {
        with(handle, |b| i32::try_from(b.num_rows()).map_err(|_| EngineError::unsupported("too many rows in a batch")))
    })
}

/// Size of the rows, column by column, as a JSON array in the meta.
#[unsafe(no_mangle)]
pub extern "C" fn batch_bytes(handle: i32) -> i32 {
    answer(|| {
        set_meta(format!("{:?}", with(handle, |b| Ok(column_sizes(b)))?));
        Ok(0)
    })
}

/// The schema as JSON in the meta.
#[unsafe(no_mangle)]
pub extern "C" fn batch_schema(handle: i32) -> i32 {
    answer(|| {
        set_meta(with(handle, |b| schema_to_json(&b.schema()))?.to_string());
        Ok(0)
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn batch_slice(handle: i32, start: u32, length: u32) -> i32 {
    answer(|| handles::insert(with(handle, |b| batch::slice(b, start as usize, length as usize))?))
}

/// The rows in memory of their own; the handle given stays.
#[unsafe(no_mangle)]
pub extern "C" fn batch_compact(handle: i32) -> i32 {
    answer(|| handles::insert(with(handle, |b| compact(b))?))
}

#[unsafe(no_mangle)]
pub extern "C" fn batch_to_ipc(handle: i32) -> i32 {
    answer(|| Ok(set_out(with(handle, |b| batch::to_ipc(std::slice::from_ref(b)))?)))
}

/// Batches of one schema (a list of handles, consumed) as IPC streams of some columns each, `most` at most, of
/// `least_bytes` each if there is so much. The meta says `[columns, bytes]` of each.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batches_to_parts(most: u32, least_bytes: u32, ptr: *mut u8, len: usize) -> i32 {
    let list = unsafe { integers(ptr, len) };
    answer(|| {
        let batches = take_batches(&list)?;
        let mut segments = Vec::new();
        let mut parts = Vec::new();
        for columns in batch::parts(&batches, most as usize, least_bytes.into())? {
            let part = batch::to_ipc_of_one(&batch::project(&batches, columns.clone())?)?;
            parts.push([columns.len(), part.iter().map(Buffer::len).sum()]);
            segments.extend(part);
        }
        set_meta(format!("{parts:?}"));
        Ok(set_out(segments))
    })
}
