//! Exports of `crate::checksum`.

use super::{answer, block, set_meta};
use crate::checksum::Checksum;
use crate::handles;

#[unsafe(no_mangle)]
pub extern "C" fn checksum_new() -> i32 {
    answer(|| handles::insert(Checksum::default()))
}

/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn checksum_push(handle: i32, ptr: *mut u8, len: usize) -> i32 {
    let bytes = unsafe { block(ptr, len) };
    answer(|| {
        handles::with::<Checksum, _>(handle, |checksum| {
            checksum.push(&bytes);
            Ok(0)
        })
    })
}

/// Of all bytes so far, as 16 hexadecimal digits in a JSON string in the meta.
#[unsafe(no_mangle)]
pub extern "C" fn checksum_value(handle: i32) -> i32 {
    answer(|| {
        let value = handles::with::<Checksum, _>(handle, |c| Ok(c.value()))?;
        set_meta(format!("\"{value:016x}\""));
        Ok(0)
    })
}
