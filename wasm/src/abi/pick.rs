//! Exports of `crate::kernels::{pick, row_hash}`: for those who read tables.

use arrow_array::RecordBatch;

use super::{answer, block, integers_in, set_out};
use crate::error::EngineError;
use crate::handles;
use crate::kernels::pick;
use crate::kernels::row_hash::row_hashes;

/// The rows of a list of numbers (little-endian 32-bit integers), as a batch of its own; the handle given stays.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batch_take(handle: i32, ptr: *mut u8, len: usize) -> i32 {
    let rows = unsafe { block(ptr, len) };
    answer(|| handles::insert(handles::with::<RecordBatch, _>(handle, |b| pick::take(b, rows))?))
}

/// The rows whose bits are set, as a batch of its own; the handle given stays. Answers its handle.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batch_filter(handle: i32, ptr: *mut u8, len: usize) -> i32 {
    let bits = unsafe { block(ptr, len) };
    answer(|| handles::insert(handles::with::<RecordBatch, _>(handle, |b| pick::filter(b, bits))?))
}

/// Puts out 16 bytes a row; the handle stays. The bytes given: the key (16), then field ids as 32-bit integers.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batch_hash(handle: i32, ptr: *mut u8, len: usize) -> i32 {
    let request = unsafe { block(ptr, len) };
    answer(|| {
        let no_key = || EngineError::invalid_argument("a hash needs a key of 16 bytes");
        let (key, ids) = request.split_first_chunk::<16>().ok_or_else(no_key)?;
        let hashes = handles::with::<RecordBatch, _>(handle, |b| row_hashes(b, &integers_in(ids), key))?;
        Ok(set_out(vec![hashes]))
    })
}
