//! The allocator: counts what is handed out, and remembers a refusal so that the abort after it has a name.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicUsize};

use arrow_buffer::Buffer;

use self::slabs::Slabs;

mod slabs;

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static REFUSED: AtomicUsize = AtomicUsize::new(0);
static SMALL: Small = Small { taken: AtomicBool::new(false), slabs: UnsafeCell::new(Slabs::new()) };

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The slabs of small blocks, for one thread at a time; there is only one where there is no wait.
struct Small {
    taken: AtomicBool,
    slabs: UnsafeCell<Slabs>,
}

// SAFETY: `with` lets one thread in at a time.
unsafe impl Sync for Small {}

impl Small {
    fn with<R>(&self, use_it: impl FnOnce(&mut Slabs) -> R) -> R {
        while self.taken.swap(true, Acquire) {
            std::hint::spin_loop();
        }
        // SAFETY: whoever set `taken` is alone.
        let result = use_it(unsafe { &mut *self.slabs.get() });
        self.taken.store(false, Release);
        result
    }
}

fn note(ptr: *mut u8, size: usize) -> *mut u8 {
    if ptr.is_null() {
        REFUSED.store(size.max(1), Relaxed);
    } else {
        LIVE.fetch_add(size, Relaxed);
    }
    ptr
}

// SAFETY: every block is the slabs' or the system's, which of the two its layout says, and its size is only counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        #[cfg(test)]
        if tests::is_refused(layout) {
            return note(std::ptr::null_mut(), layout.size());
        }
        let ptr = match slabs::class(layout) {
            Some(class) => SMALL.with(|s| s.alloc(class)),
            // SAFETY: the caller's promise.
            None => unsafe { System.alloc(layout) },
        };
        note(ptr, layout.size())
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some(class) = slabs::class(layout) else {
            // SAFETY: the caller's promise.
            return note(unsafe { System.alloc_zeroed(layout) }, layout.size());
        };
        let ptr = SMALL.with(|s| s.alloc(class));
        if !ptr.is_null() {
            // SAFETY: a block of the class holds the layout.
            unsafe { ptr.write_bytes(0, layout.size()) };
        }
        note(ptr, layout.size())
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        match slabs::class(layout) {
            // SAFETY: the caller's promise; the layout is that of the call which gave the block.
            Some(class) => SMALL.with(|s| unsafe { s.free(ptr, class) }),
            // SAFETY: likewise.
            None => unsafe { System.dealloc(ptr, layout) },
        }
    }
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promise: the new size fits a layout.
        let fresh_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        #[cfg(test)]
        if tests::is_refused(fresh_layout) {
            return note(std::ptr::null_mut(), new_size);
        }
        match (slabs::class(layout), slabs::class(fresh_layout)) {
            (None, None) => {
                // SAFETY: the caller's promise; it is a block of the system's, and stays one.
                let fresh = unsafe { System.realloc(ptr, layout, new_size) };
                if !fresh.is_null() {
                    LIVE.fetch_sub(layout.size(), Relaxed);
                }
                note(fresh, new_size)
            }
            (before, after) if before == after => {
                LIVE.fetch_sub(layout.size(), Relaxed);
                note(ptr, new_size)
            }
            // SAFETY: the caller's promise; both blocks have as many bytes as are copied.
            _ => unsafe {
                let fresh = self.alloc(fresh_layout);
                if !fresh.is_null() {
                    fresh.copy_from_nonoverlapping(ptr, layout.size().min(new_size));
                    self.dealloc(ptr, layout);
                }
                fresh
            },
        }
    }
}

/// Bytes handed out and not given back.
pub fn live_bytes() -> usize {
    LIVE.load(Relaxed)
}

/// Size of the last allocation that was refused; 0: none was.
pub fn refused_bytes() -> usize {
    REFUSED.load(Relaxed)
}

/// Whether a block of so many bytes would be given now: for code of others, which panics where it is not.
pub fn has_room(bytes: usize) -> bool {
    let mut block = Vec::<u8>::new();
    let given = block.try_reserve_exact(bytes).is_ok();
    // A compiler that sees a block that nobody uses may leave it out, and say it was given.
    std::hint::black_box(&mut block);
    given
}

/// Arrow wants its buffers on 64-byte borders, or it copies them.
const ALIGN: usize = 64;

/// Large blocks have few sizes (an eighth of a power of two apart), so that one fits where another was: messages of a
/// stream differ by a few bytes, and holes just too small add up.
fn layout(len: usize) -> Layout {
    const LARGE: usize = 64 << 10;
    let size = if len < LARGE { len.max(1) } else { len.next_multiple_of(1 << (len.ilog2() - 3)) };
    // Lengths come from the host as 32 bits; one that overflows with its alignment is refused before.
    Layout::from_size_align(size, ALIGN).unwrap_or(Layout::new::<u8>())
}

/// A block for the host to fill; null when memory is refused.
pub fn block_alloc(len: usize) -> *mut u8 {
    if len > isize::MAX as usize / 2 {
        return note(std::ptr::null_mut(), len);
    }
    // SAFETY: the layout's size is 1 or more.
    unsafe { std::alloc::alloc(layout(len)) }
}

/// # Safety
/// `ptr` and `len` are those of one `block_alloc` that was not freed or taken.
pub unsafe fn block_free(ptr: *mut u8, len: usize) {
    // SAFETY: the caller's promise; the same length has the same layout.
    unsafe { std::alloc::dealloc(ptr, layout(len)) }
}

/// A block that is the engine's.
struct Block {
    ptr: *mut u8,
    len: usize,
}
// SAFETY: nobody else has the block, and the allocator serves any thread.
unsafe impl Send for Block {}
// SAFETY: what is shared is read alone.
unsafe impl Sync for Block {}
impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: they are those of one block, which ends here.
        unsafe { block_free(self.ptr, self.len) }
    }
}

/// Takes over a filled block without copying it.
///
/// # Safety
/// As for `block_free`; all `len` bytes were written.
pub unsafe fn block_take(ptr: *mut u8, len: usize) -> Buffer {
    match NonNull::new(ptr) {
        // SAFETY: the caller's promise; the block lives as long as its owner.
        Some(p) => unsafe { Buffer::from_custom_allocation(p, len, Arc::new(Block { ptr, len })) },
        None => Buffer::from(Vec::<u8>::new()),
    }
}

#[cfg(test)]
pub mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static MOST: Cell<usize> = const { Cell::new(usize::MAX) };
    }

    pub(super) fn is_refused(layout: Layout) -> bool {
        MOST.try_with(|most| layout.size() > most.get()).unwrap_or(false)
    }

    /// Runs with an allocator that refuses larger blocks to this thread.
    pub fn with_blocks_of<T>(most: usize, run: impl FnOnce() -> T) -> T {
        struct Reset;
        impl Drop for Reset {
            fn drop(&mut self) {
                MOST.set(usize::MAX);
            }
        }
        let _reset = Reset;
        MOST.set(most);
        run()
    }

    #[test]
    fn there_is_room_for_what_is_given_alone() {
        assert!(has_room(1 << 20));
        assert!(!with_blocks_of(1 << 16, || has_room(1 << 20)));
        assert!(!has_room(usize::MAX));
    }

    #[test]
    fn blocks_are_aligned_grow_and_come_back_zeroed() {
        for align in [8, 16, 32, 64, 4096] {
            for size in [1, 63, 64, 1000, 70_000] {
                let layout = Layout::from_size_align(size, align).unwrap();
                // SAFETY: within the sizes asked for; `grown` is all of it, of the second one.
                unsafe {
                    let ptr = std::alloc::alloc_zeroed(layout);
                    assert_eq!(ptr as usize % align, 0);
                    assert!((0..size).all(|i| *ptr.add(i) == 0));
                    ptr.write_bytes(7, size);
                    let grown = std::alloc::realloc(ptr, layout, size * 3);
                    assert_eq!(grown as usize % align, 0);
                    assert!((0..size).all(|i| *grown.add(i) == 7));
                    std::alloc::dealloc(grown, Layout::from_size_align(size * 3, align).unwrap());
                }
            }
        }
    }
}
