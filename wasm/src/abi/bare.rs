//! Exports of `crate::bare`.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::{answer, block, set_out};
use crate::{bare, handles};

/// The rows as output, with a label.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batch_to_bare(handle: i32, ptr: *mut u8, len: usize) -> i32 {
    let label = unsafe { block(ptr, len) };
    answer(|| Ok(set_out(vec![handles::with::<RecordBatch, _>(handle, |batch| bare::write(batch, &label))?])))
}

/// A reader of what `batch_to_bare` gives for batches of this one's schema.
#[unsafe(no_mangle)]
pub extern "C" fn bare_new(batch: i32) -> i32 {
    answer(|| handles::insert(handles::with::<RecordBatch, _>(batch, |batch| Ok(batch.schema()))?))
}

/// A batch of the rows.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bare_read(reader: i32, ptr: *mut u8, len: usize) -> i32 {
    let bytes = unsafe { block(ptr, len) };
    answer(|| handles::insert(handles::with::<SchemaRef, _>(reader, |schema| bare::read(schema, bytes))?))
}
