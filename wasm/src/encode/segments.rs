//! Where the file's bytes wait to be copied out: segments of moderate size, so that none is ever moved to grow.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

const SEGMENT: usize = 256 << 10;

/// Bytes that follow each other.
pub type Pieces = Vec<Vec<u8>>;

#[derive(Default)]
struct Segments {
    full: Vec<Vec<u8>>,
    last: Vec<u8>,
    /// Bytes still to be left out.
    skip: u64,
}

impl Segments {
    fn take(&mut self) -> Pieces {
        let mut segments = std::mem::take(&mut self.full);
        if !self.last.is_empty() {
            segments.push(std::mem::take(&mut self.last));
        }
        segments
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.last.capacity() - self.last.len() < bytes.len() {
            if !self.last.is_empty() {
                self.full.push(std::mem::take(&mut self.last));
            }
            if bytes.len() >= SEGMENT {
                self.full.push(bytes.to_vec());
                return;
            }
            self.last.reserve_exact(SEGMENT);
        }
        self.last.extend_from_slice(bytes);
    }
}

impl Write for Segments {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.skip > 0 {
            let skipped = bytes.len().min(usize::try_from(self.skip).unwrap_or(usize::MAX));
            self.skip -= skipped as u64;
            return Ok(skipped);
        }
        self.put(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Segments that the writer of a file fills and the encoder empties.
#[derive(Clone, Default)]
pub struct Output(Arc<Mutex<Segments>>);

impl Output {
    fn with<R>(&self, use_it: impl FnOnce(&mut Segments) -> R) -> R {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What was written since the last call.
    pub fn take(&self) -> Pieces {
        self.with(Segments::take)
    }

    /// Adds bytes, past the writer of the file.
    pub fn put(&self, bytes: &[u8]) {
        self.with(|segments| segments.put(bytes));
    }

    /// Leaves out the next `bytes` that are written.
    pub fn skip(&self, bytes: u64) {
        self.with(|segments| segments.skip += bytes);
    }

    /// Bytes that `take` would give.
    pub fn len(&self) -> usize {
        self.with(|segments| segments.full.iter().chain([&segments.last]).map(Vec::len).sum())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.with(|segments| segments.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
