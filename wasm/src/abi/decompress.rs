//! Exports of `crate::decompress`.

use serde_json::Value;

use super::{answer, block, request, set_out};
use crate::decompress::{Codec, Decompressor};
use crate::error::EngineError;
use crate::handles;

/// Request: `{ codec: "gzip" | "zstd" }`.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn decompress_new(ptr: *mut u8, len: usize) -> i32 {
    let request = unsafe { request(ptr, len) };
    answer(|| {
        let request = request?;
        let codec = match request.get("codec").and_then(Value::as_str) {
            Some("gzip") => Codec::Gzip,
            Some("zstd") => Codec::Zstd,
            other => {
                let text = format!("codec {} is not gzip or zstd", other.unwrap_or("(none)"));
                return Err(EngineError::invalid_argument(text));
            }
        };
        handles::insert(Decompressor::new(codec)?)
    })
}

/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn decompress_push(handle: i32, ptr: *mut u8, len: usize) -> i32 {
    let bytes = unsafe { block(ptr, len) };
    answer(|| handles::with::<Decompressor, _>(handle, |d| d.push(bytes)).map(|()| 0))
}

/// 1 and a piece of output, to be called again; 0: more bytes are needed.
#[unsafe(no_mangle)]
pub extern "C" fn decompress_pull(handle: i32) -> i32 {
    answer(|| {
        Ok(match handles::with::<Decompressor, _>(handle, |d| d.pull())? {
            Some(piece) => set_out(vec![piece]),
            None => 0,
        })
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn decompress_finish(handle: i32) -> i32 {
    answer(|| handles::with::<Decompressor, _>(handle, |d| d.finish()).map(|()| 0))
}
