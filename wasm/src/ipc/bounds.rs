//! What arrow-ipc takes on trust in a record batch or a dictionary: buffers lie within the body, counts are not
//! negative, buffers of fixed-width values hold whole values, and what is compressed fits once it is not.

use arrow_buffer::Buffer;
use arrow_ipc::{MetadataVersion, RecordBatch};
use arrow_schema::{DataType, UnionMode};

use super::{bad, too_large};
use crate::error::Result;

/// What one message may hold, before and after decompression; the memory limit is usually the tighter bound.
pub const MAX_BODY: u64 = 2 << 30;
/// No one writes a message of a terabyte: a length above is damage, not size.
pub const MAX_PLAUSIBLE: i64 = 1 << 40;

/// Behind the last buffer; the format recommends buffers of multiples of 64 bytes.
const MAX_PADDING: usize = 64;

pub fn check<'a>(
    data: &RecordBatch,
    body: &Buffer,
    types: impl Iterator<Item = &'a DataType>,
    version: MetadataVersion,
) -> Result<()> {
    let nodes = || data.nodes().into_iter().flatten();
    let views = || data.variadicBufferCounts().into_iter().flatten();
    if data.length() < 0 || nodes().any(|n| n.length() < 0 || n.null_count() < 0) || views().any(|n| n < 0) {
        return Err(bad("a negative count"));
    }
    if data.length() > i64::from(i32::MAX) || nodes().any(|n| n.length() > i64::from(i32::MAX)) {
        return Err(bad("a batch of more than 2,147,483,647 rows"));
    }
    let compressed = data.compression().is_some();
    let mut expanded = 0u64;
    let mut named = 0;
    let mut sizes = Vec::with_capacity(data.buffers().map_or(0, |b| b.len()));
    for buffer in data.buffers().into_iter().flatten() {
        let range = usize::try_from(buffer.offset()).ok().zip(usize::try_from(buffer.length()).ok());
        let bytes = range.and_then(|(start, length)| body.get(start..start.checked_add(length)?));
        let bytes = bytes.ok_or_else(|| bad("a buffer outside of its message"))?;
        named = named.max(buffer.offset() as usize + bytes.len());
        sizes.push(match bytes.first_chunk::<8>().filter(|_| compressed).map(|size| i64::from_le_bytes(*size)) {
            // -1: this buffer is not compressed.
            Some(-1) => bytes.len() as u64 - 8,
            Some(size) => {
                let size = u64::try_from(size).map_err(|_| bad("a negative size"))?;
                expanded = expanded.saturating_add(size);
                size
            }
            None => bytes.len() as u64,
        });
    }
    // A length that swallows the messages behind would lose their rows.
    if body.len() - named > MAX_PADDING {
        return Err(bad("a message that is longer than its buffers"));
    }
    if expanded > 0 {
        let mut probe = Vec::<u8>::new();
        if expanded > MAX_BODY || probe.try_reserve_exact(expanded as usize).is_err() {
            return Err(too_large(expanded));
        }
    }
    let rows: Vec<u64> = nodes().map(|n| n.length() as u64).collect();
    let mut walk = Walk {
        rows: rows.into_iter(),
        sizes: sizes.into_iter(),
        views: views().collect::<Vec<_>>().into_iter(),
        version,
    };
    types.into_iter().try_for_each(|t| walk.array(t))
}

struct Walk {
    /// Of each array, parents before children.
    rows: std::vec::IntoIter<u64>,
    sizes: std::vec::IntoIter<u64>,
    views: std::vec::IntoIter<i64>,
    version: MetadataVersion,
}

impl Walk {
    /// The next buffer holds values of `width` bytes. One that is missing is found by arrow-ipc.
    fn buffer(&mut self, width: u64) -> Result<()> {
        match self.sizes.next() {
            Some(size) if size % width != 0 => Err(bad("a buffer that ends within a value")),
            _ => Ok(()),
        }
    }

    /// As `buffer`, for one that arrow-ipc cuts to its values unseen.
    fn full_buffer(&mut self, width: u64, rows: u64) -> Result<()> {
        match self.sizes.next() {
            Some(size) if size / width < rows => Err(bad("a buffer that holds too few values")),
            _ => Ok(()),
        }
    }

    fn buffers(&mut self, widths: &[u64]) -> Result<()> {
        widths.iter().try_for_each(|w| self.buffer(*w))
    }

    fn array(&mut self, data_type: &DataType) -> Result<()> {
        let rows = self.rows.next().unwrap_or(0);
        match data_type {
            DataType::Null => Ok(()),
            DataType::Utf8 | DataType::Binary => self.buffers(&[1, 4, 1]),
            DataType::LargeUtf8 | DataType::LargeBinary => self.buffers(&[1, 8, 1]),
            DataType::Utf8View | DataType::BinaryView => {
                self.buffers(&[1, 16])?;
                let count = self.views.next().unwrap_or(0);
                (0..count)
                    .try_for_each(|_| if self.sizes.len() == 0 { Err(bad("missing buffers")) } else { self.buffer(1) })
            }
            DataType::List(child) | DataType::Map(child, _) => {
                self.buffers(&[1, 4])?;
                self.array(child.data_type())
            }
            DataType::LargeList(child) => {
                self.buffers(&[1, 8])?;
                self.array(child.data_type())
            }
            DataType::ListView(child) => {
                self.buffers(&[1, 4, 4])?;
                self.array(child.data_type())
            }
            DataType::LargeListView(child) => {
                self.buffers(&[1, 8, 8])?;
                self.array(child.data_type())
            }
            DataType::FixedSizeList(child, _) => {
                self.buffer(1)?;
                self.array(child.data_type())
            }
            DataType::Struct(children) => {
                self.buffer(1)?;
                children.iter().try_for_each(|c| self.array(c.data_type()))
            }
            DataType::RunEndEncoded(ends, values) => {
                self.array(ends.data_type())?;
                self.array(values.data_type())
            }
            DataType::Dictionary(index, _) => self.buffers(&[1, index.primitive_width().unwrap_or(1) as u64]),
            DataType::Union(children, mode) => {
                if self.version < MetadataVersion::V5 {
                    self.buffer(1)?;
                }
                self.full_buffer(1, rows)?;
                if *mode == UnionMode::Dense {
                    self.full_buffer(4, rows)?;
                }
                children.iter().try_for_each(|(_, c)| self.array(c.data_type()))
            }
            DataType::Boolean | DataType::FixedSizeBinary(_) => self.buffers(&[1, 1]),
            primitive => self.buffers(&[1, primitive.primitive_width().unwrap_or(1) as u64]),
        }
    }
}
