//! Where the file's bytes wait to be copied out: segments of moderate size, so that none is ever moved to grow.

use std::io::Write;

const SEGMENT: usize = 256 << 10;

#[derive(Default)]
pub struct Segments {
    full: Vec<Vec<u8>>,
    last: Vec<u8>,
}

impl Segments {
    /// What was written since the last call.
    pub fn take(&mut self) -> Vec<Vec<u8>> {
        let mut segments = std::mem::take(&mut self.full);
        if !self.last.is_empty() {
            segments.push(std::mem::take(&mut self.last));
        }
        segments
    }
}

impl Write for Segments {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.last.capacity() - self.last.len() < bytes.len() {
            if !self.last.is_empty() {
                self.full.push(std::mem::take(&mut self.last));
            }
            if bytes.len() >= SEGMENT {
                self.full.push(bytes.to_vec());
                return Ok(bytes.len());
            }
            self.last.reserve_exact(SEGMENT);
        }
        self.last.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
