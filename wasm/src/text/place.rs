//! The row that is read now. Where memory runs out in the middle of it nothing can be answered any more: the host asks
//! for its line, to say which row it was.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

static LINE: AtomicU64 = AtomicU64::new(0);

/// The row that starts on `line` is next.
pub fn begin_row(line: u64) {
    LINE.store(line, Relaxed);
}

/// The call has ended.
pub fn leave() {
    LINE.store(0, Relaxed);
}

/// The line of the row that the call which runs, or trapped, has come to; 0: there is none.
pub fn line() -> u64 {
    LINE.load(Relaxed)
}
