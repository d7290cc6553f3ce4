//! Blocks, answers, handles, and what went wrong in a trap.

use std::cell::RefCell;
use std::sync::Once;

use arrow_buffer::Buffer;

use super::{META, OUT};
use crate::{handles, memory};

thread_local! {
    static PANIC: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

static HOOK: Once = Once::new();

/// To be called once, before anything else.
#[unsafe(no_mangle)]
pub extern "C" fn ics_init() {
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let text = info.to_string();
            // A panic in here would lose the first one's text.
            PANIC.with(|p| p.try_borrow_mut().map(|mut p| *p = text.into_bytes()).ok());
        }));
    });
}

/// A block of `len` bytes, aligned to 64; null when memory is refused.
#[unsafe(no_mangle)]
pub extern "C" fn ics_alloc(len: usize) -> *mut u8 {
    memory::block_alloc(len)
}

/// Gives back a block that was not given to a call.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ics_free(ptr: *mut u8, len: usize) {
    unsafe { memory::block_free(ptr, len) }
}

#[unsafe(no_mangle)]
pub extern "C" fn ics_drop(handle: i32) {
    handles::drop_handle(handle);
}

#[unsafe(no_mangle)]
pub extern "C" fn ics_meta_ptr() -> *const u8 {
    META.with_borrow(|m| m.as_ptr())
}

#[unsafe(no_mangle)]
pub extern "C" fn ics_meta_len() -> usize {
    META.with_borrow(Vec::len)
}

#[unsafe(no_mangle)]
pub extern "C" fn ics_out_ptr(segment: usize) -> *const u8 {
    OUT.with_borrow(|o| o.get(segment).map_or(std::ptr::null(), |s| s.as_ptr()))
}

#[unsafe(no_mangle)]
pub extern "C" fn ics_out_len(segment: usize) -> usize {
    OUT.with_borrow(|o| o.get(segment).map_or(0, Buffer::len))
}

#[unsafe(no_mangle)]
pub extern "C" fn ics_out_free() {
    OUT.set(Vec::new());
}

/// Bytes in use, but for the last answer and the table of handles.
#[unsafe(no_mangle)]
pub extern "C" fn ics_live_bytes() -> usize {
    // What is shared with a batch counts as the batch's.
    let own_bytes = |b: &Buffer| if b.strong_count() == 1 { b.capacity() } else { 0 };
    let out = |o: &Vec<Buffer>| o.iter().map(own_bytes).sum::<usize>() + o.capacity() * size_of::<Buffer>();
    let own = META.with_borrow(Vec::capacity) + OUT.with_borrow(out) + handles::table_bytes();
    memory::live_bytes().saturating_sub(own)
}

/// Size of the allocation that was refused last; 0: none was.
#[unsafe(no_mangle)]
pub extern "C" fn ics_refused_bytes() -> usize {
    memory::refused_bytes()
}

#[unsafe(no_mangle)]
pub extern "C" fn ics_panic_ptr() -> *const u8 {
    PANIC.with(|p| p.try_borrow().map_or(std::ptr::null(), |p| p.as_ptr()))
}

#[unsafe(no_mangle)]
pub extern "C" fn ics_panic_len() -> usize {
    PANIC.with(|p| p.try_borrow().map_or(0, |p| p.len()))
}
