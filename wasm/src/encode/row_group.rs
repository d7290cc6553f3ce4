//! A row group that is encoded in steps, so that its compressed columns can leave memory before the last one is done.

use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};

use super::segments::Output;
use crate::error::{EngineError, Result};

type File = SerializedFileWriter<Output>;

/// A file's writer together with its open row group, which borrows it.
pub struct OpenRowGroup {
    /// `None` only on the way out.
    group: Option<SerializedRowGroupWriter<'static, Output>>,
    file: *mut File,
}

impl OpenRowGroup {
    pub fn new(file: File) -> Result<Self> {
        let file = Box::into_raw(Box::new(file));
        // SAFETY: the file lives until `drop`, at an address that does not move, and is reached through the group alone
        // as long as there is one.
        let group = unsafe { &mut *file }.next_row_group();
        let mut open = Self { group: None, file };
        open.group = Some(group?);
        Ok(open)
    }

    pub fn group(&mut self) -> Result<&mut SerializedRowGroupWriter<'static, Output>> {
        self.group.as_mut().ok_or_else(|| EngineError::failed("the row group was closed"))
    }

    /// Ends the row group and gives the file back.
    pub fn close(mut self) -> Result<File> {
        if let Some(group) = self.group.take() {
            group.close()?;
        }
        let file = std::mem::replace(&mut self.file, std::ptr::null_mut());
        // SAFETY: it came from a box, the group that borrowed it is gone, and `drop` finds null.
        Ok(*unsafe { Box::from_raw(file) })
    }
}

impl Drop for OpenRowGroup {
    fn drop(&mut self) {
        self.group = None;
        if !self.file.is_null() {
            // SAFETY: as in `close`.
            drop(unsafe { Box::from_raw(self.file) });
        }
    }
}
