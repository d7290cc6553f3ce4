//! The exports. Each file is thin: take the request, call the pure module, put the answer.
//!
//! Every call answers an i32: not negative, a handle, a count or a state; negative, an error whose JSON is the meta.
//! Input blocks come from `ics_alloc` and are consumed by the call they are given to.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "each block hands on the promise above its function, and no more"
)]

mod bare;
pub(crate) mod batch;
mod checksum;
mod core;
#[cfg(feature = "decode")]
mod decode;
mod decompress;
mod encode;
mod ipc;
mod kernels;
#[cfg(feature = "decode")]
mod pick;
mod text;

use std::cell::RefCell;

use arrow_buffer::Buffer;
use serde_json::Value;

use crate::error::{EngineError, Result};
use crate::memory;

thread_local! {
    static META: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static OUT: RefCell<Vec<Buffer>> = const { RefCell::new(Vec::new()) };
}

/// A plain-data answer (JSON), read with `ics_meta_ptr` and `ics_meta_len`; stands until the next one.
pub(crate) fn set_meta(json: impl Into<Vec<u8>>) {
    META.set(json.into());
}

/// Bytes for the host to copy out, in segments that follow each other; answers their number.
pub(crate) fn set_out(segments: Vec<impl Into<Buffer>>) -> i32 {
    let count = segments.len() as i32;
    OUT.set(segments.into_iter().map(Into::into).collect());
    count
}

/// Runs a call: an error becomes -1 and its JSON the meta.
pub(crate) fn answer(call: impl FnOnce() -> Result<i32>) -> i32 {
    call().unwrap_or_else(|e| {
        set_meta(e.to_json());
        -1
    })
}

/// Takes over an input block.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`, filled, not freed and not given to another call.
pub(crate) unsafe fn block(ptr: *mut u8, len: usize) -> Buffer {
    unsafe { memory::block_take(ptr, len) }
}

/// Takes over an input block that holds JSON text.
///
/// # Safety
/// As for `block`.
pub(crate) unsafe fn request(ptr: *mut u8, len: usize) -> Result<Value> {
    let bytes = unsafe { block(ptr, len) };
    serde_json::from_slice(&bytes).map_err(|e| EngineError::invalid_argument(format!("not a request: {e}")))
}

/// Takes over an input block that holds handles, field ids or counts.
///
/// # Safety
/// As for `block`.
pub(crate) unsafe fn integers(ptr: *mut u8, len: usize) -> Vec<i32> {
    let bytes = unsafe { block(ptr, len) };
    integers_in(&bytes)
}

/// Little-endian, of 32 bits each; what is left behind the last one is not looked at.
pub(crate) fn integers_in(bytes: &[u8]) -> Vec<i32> {
    bytes.as_chunks::<4>().0.iter().map(|word| i32::from_le_bytes(*word)).collect()
}
