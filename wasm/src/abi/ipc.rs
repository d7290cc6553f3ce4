//! Exports of `crate::ipc`.

use super::batch::give_batches;
use super::{answer, block, set_meta};
use crate::handles;
use crate::ipc::IpcReader;
use crate::schema_json::schema_to_json;

#[unsafe(no_mangle)]
pub extern "C" fn ipc_new() -> i32 {
    answer(|| handles::insert(IpcReader::default()))
}

/// Batches that became whole: `[[handle, rows], …]` in the meta.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_push(handle: i32, ptr: *mut u8, len: usize) -> i32 {
    let bytes = unsafe { block(ptr, len) };
    answer(|| give_batches(handles::with::<IpcReader, _>(handle, |r| r.push(bytes))?))
}

/// 1, and in the meta where the next of `len` bytes belong and how many of them, for `ipc_filled`; or 0: push them.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_room(handle: i32, len: usize) -> i32 {
    answer(|| {
        let room = handles::with::<IpcReader, _>(handle, |r| r.room(len))?;
        Ok(room.map_or(0, |(place, bytes)| {
            set_meta(format!("[{},{bytes}]", place as usize));
            1
        }))
    })
}

/// As `ipc_push`, of bytes that are where they belong.
///
/// # Safety
/// Since `ipc_room`, the last call with this handle, `len` bytes were written where it said: no more than it said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_filled(handle: i32, len: usize) -> i32 {
    // SAFETY: the same is demanded here.
    answer(|| give_batches(handles::with::<IpcReader, _>(handle, |r| unsafe { r.filled(len) })?))
}

#[unsafe(no_mangle)]
pub extern "C" fn ipc_finish(handle: i32) -> i32 {
    answer(|| give_batches(handles::with::<IpcReader, _>(handle, |r| r.finish())?))
}

/// 1 and the schema in the meta, or 0 when it has not arrived.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_schema(handle: i32) -> i32 {
    answer(|| {
        handles::with::<IpcReader, _>(handle, |r| {
            Ok(match r.schema() {
                None => 0,
                Some(schema) => {
                    set_meta(schema_to_json(schema)?.to_string());
                    1
                }
            })
        })
    })
}
