//! What arrow-ipc takes on trust in a record batch or a dictionary: buffers lie within the body, counts are not
//! negative, buffers of fixed-width values hold whole values, what is compressed fits once it is not, and no sum or
//! product of numbers in it leaves the 32 bits of wasm.

use std::io::Read;

use arrow_buffer::Buffer;
use arrow_ipc::{CompressionType, MetadataVersion, RecordBatch};
use arrow_schema::{DataType, Field, IntervalUnit, UnionMode};

use super::{bad, too_large};
use crate::error::Result;

/// What one message may hold, before and after decompression; the memory limit is usually the tighter bound.
pub const MAX_BODY: u64 = 2 << 30;
/// No one writes a message of a terabyte: a length above is damage, not size.
pub const MAX_PLAUSIBLE: i64 = 1 << 40;

/// Behind the last buffer; the format recommends buffers of multiples of 64 bytes.
const MAX_PADDING: usize = 64;

/// Offsets of unions are used where they lie, and intervals of days and milliseconds as numbers of 64 bits, for which
/// arrow-ipc does not move them; all else it moves to where its values may lie.
const OFFSET_ALIGNMENT: usize = align_of::<i32>();
const INTERVAL_ALIGNMENT: usize = align_of::<i64>();

/// The body, moved where it may lie for such values among `types`: it begins where the pieces of the stream were cut.
pub fn placed<'a>(body: Buffer, mut types: impl Iterator<Item = &'a DataType>) -> Buffer {
    let moved = body.as_ptr().align_offset(INTERVAL_ALIGNMENT) != 0 && types.any(is_used_in_place);
    if moved { Buffer::from_slice_ref(body.as_slice()) } else { body }
}

fn is_used_in_place(data_type: &DataType) -> bool {
    match data_type {
        DataType::Interval(IntervalUnit::DayTime) => true,
        DataType::Union(children, mode) => {
            *mode == UnionMode::Dense || children.iter().any(|(_, c)| is_used_in_place(c.data_type()))
        }
        DataType::Struct(children) => children.iter().any(|c| is_used_in_place(c.data_type())),
        DataType::RunEndEncoded(_, child)
        | DataType::List(child)
        | DataType::LargeList(child)
        | DataType::ListView(child)
        | DataType::LargeListView(child)
        | DataType::FixedSizeList(child, _)
        | DataType::Map(child, _) => is_used_in_place(child.data_type()),
        _ => false,
    }
}

const OUTSIDE: &str = "a list outside of its values";

/// What a message has the values of.
pub struct Column<'a> {
    /// None: a dictionary, which columns share.
    pub name: Option<&'a str>,
    pub data_type: &'a DataType,
    pub nullable: bool,
}

impl<'a> Column<'a> {
    pub fn of(field: &'a Field) -> Self {
        Self { name: Some(field.name()), data_type: field.data_type(), nullable: field.is_nullable() }
    }

    pub fn dictionary(data_type: &'a DataType) -> Self {
        Self { name: None, data_type, nullable: true }
    }
}

/// The numbers of the buffers that are offsets of no rows: some writers leave one there that lies behind the values, of
/// which there are none.
pub fn check<'a>(
    data: &RecordBatch,
    body: &Buffer,
    mut columns: impl Iterator<Item = Column<'a>>,
    version: MetadataVersion,
) -> Result<Vec<usize>> {
    let nodes = || data.nodes().into_iter().flatten();
    let views = || data.variadicBufferCounts().into_iter().flatten();
    if data.length() < 0 || nodes().any(|n| n.length() < 0 || n.null_count() < 0) || views().any(|n| n < 0) {
        return Err(bad("a negative count"));
    }
    if data.length() > i64::from(i32::MAX) || nodes().any(|n| n.length() > i64::from(i32::MAX)) {
        return Err(bad("a batch of more than 2,147,483,647 rows"));
    }
    let codec = data.compression().map(|c| c.codec());
    let mut expanded = 0u64;
    let mut named = 0;
    let mut buffers = Vec::with_capacity(data.buffers().map_or(0, |b| b.len()));
    for buffer in data.buffers().into_iter().flatten() {
        let range = usize::try_from(buffer.offset()).ok().zip(usize::try_from(buffer.length()).ok());
        let bytes = range.and_then(|(start, length)| body.get(start..start.checked_add(length)?));
        let bytes = bytes.ok_or_else(|| bad("a buffer outside of its message"))?;
        named = named.max(buffer.offset() as usize + bytes.len());
        let size = match bytes.first_chunk::<8>().filter(|_| codec.is_some()).map(|size| i64::from_le_bytes(*size)) {
            // -1: this buffer is not compressed.
            Some(-1) => bytes.len() as u64 - 8,
            Some(size) => {
                let size = u64::try_from(size).map_err(|_| bad("a negative size"))?;
                expanded = expanded.saturating_add(size);
                size
            }
            None => bytes.len() as u64,
        };
        buffers.push(Span { bytes, size });
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
    let rows: Vec<_> = nodes().map(|n| Rows { all: n.length() as u64, null: n.null_count() as u64 }).collect();
    let mut walk = Walk {
        rows: rows.into_iter(),
        unused: Vec::new(),
        count: buffers.len(),
        buffers: buffers.into_iter(),
        codec,
        views: views().collect::<Vec<_>>().into_iter(),
        version,
    };
    columns.try_for_each(|column| {
        walk.column(&column).map_err(|e| match column.name {
            Some(name) => e.at_column(name),
            None => e,
        })
    })?;
    Ok(walk.unused)
}

/// A copy of a message's metadata that says of buffers that they are empty.
pub fn without_buffers(metadata: &[u8], data: &RecordBatch, buffers: &[usize]) -> Vec<u8> {
    let mut copy = metadata.to_vec();
    let Some(all) = data.buffers() else { return copy };
    let start = all.bytes().as_ptr() as usize - metadata.as_ptr() as usize;
    for buffer in buffers {
        // The place, and behind it the length.
        let length = start + buffer * size_of::<arrow_ipc::Buffer>() + size_of::<i64>();
        copy[length..length + size_of::<i64>()].fill(0);
    }
    copy
}

struct Rows {
    all: u64,
    null: u64,
}

struct Span<'a> {
    /// As they lie in the message.
    bytes: &'a [u8],
    /// Not compressed.
    size: u64,
}

impl Span<'_> {
    fn is_packed(&self, codec: Option<CompressionType>) -> bool {
        codec.is_some() && !self.bytes.starts_with(&(-1i64).to_le_bytes())
    }

    fn unpacked(&self, codec: Option<CompressionType>) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let Some(codec) = codec else { return Ok(self.bytes.to_vec()) };
        let packed = self.bytes.get(size_of::<i64>()..).unwrap_or_default();
        let read = match codec {
            _ if !self.is_packed(Some(codec)) => return Ok(packed.to_vec()),
            CompressionType::ZSTD => {
                zstd::stream::Decoder::new(packed).and_then(|d| d.take(self.size).read_to_end(&mut out))
            }
            _ => lz4_flex::frame::FrameDecoder::new(packed).take(self.size).read_to_end(&mut out),
        };
        read.map_err(|e| bad(&format!("a buffer that cannot be decompressed ({e})")))?;
        Ok(out)
    }
}

struct Walk<'a> {
    /// Of each array, parents before children.
    rows: std::vec::IntoIter<Rows>,
    buffers: std::vec::IntoIter<Span<'a>>,
    codec: Option<CompressionType>,
    views: std::vec::IntoIter<i64>,
    version: MetadataVersion,
    unused: Vec<usize>,
    /// Of all buffers.
    count: usize,
}

impl Walk<'_> {
    /// The next buffer holds values of `width` bytes. One that is missing is found by arrow-ipc.
    fn buffer(&mut self, width: u64) -> Result<()> {
        match self.buffers.next() {
            Some(span) if span.size % width != 0 => Err(bad("a buffer that ends within a value")),
            _ => Ok(()),
        }
    }

    /// The next buffers are validity and offsets.
    fn offsets(&mut self, width: u64, rows: u64) -> Result<()> {
        self.buffer(1)?;
        if rows == 0 && self.buffers.len() > 0 {
            self.unused.push(self.count - self.buffers.len());
        }
        self.buffer(width)
    }

    /// As `buffer`, for one that arrow-ipc cuts to its values unseen.
    fn full_buffer(&mut self, width: u64, rows: u64) -> Result<()> {
        match self.buffers.as_slice().first() {
            Some(span) if span.size / width < rows => Err(bad("a buffer that holds too few values")),
            _ => self.buffer(1),
        }
    }

    /// As `full_buffer`, for one that is used where it lies.
    fn placed_buffer(&mut self, width: usize, rows: u64) -> Result<()> {
        let first =
            self.buffers.as_slice().first().filter(|span| !span.is_packed(self.codec) && !span.bytes.is_empty());
        if first.is_some_and(|span| span.bytes.as_ptr().align_offset(width) != 0) {
            return Err(bad("a buffer that begins within a value"));
        }
        self.full_buffer(width as u64, rows)
    }

    /// The next buffer holds values of 64 bits that are used as such of 32, or added up before they are compared.
    fn small_buffer(&mut self, rows: u64, otherwise: &str) -> Result<()> {
        if let Some(span) = self.buffers.as_slice().first() {
            let values = span.unpacked(self.codec)?;
            let (values, _) = values.as_chunks::<8>();
            if values.iter().take(rows as usize).any(|v| !(0..=i64::from(i32::MAX)).contains(&i64::from_le_bytes(*v))) {
                return Err(bad(otherwise));
            }
        }
        self.buffer(8)
    }

    fn widths(&mut self, widths: &[u64]) -> Result<()> {
        widths.iter().try_for_each(|w| self.buffer(*w))
    }

    fn column(&mut self, column: &Column<'_>) -> Result<()> {
        let nulls = self.rows.as_slice().first().map_or(0, |rows| rows.null);
        // An array of the null type counts none: it has no bits for them.
        if let (false, 1.., Some(name)) = (column.nullable || *column.data_type == DataType::Null, nulls, column.name) {
            return Err(bad(&format!("column {name} is declared as not nullable but has {nulls} nulls")));
        }
        self.array(column.data_type)
    }

    fn array(&mut self, data_type: &DataType) -> Result<()> {
        let rows = self.rows.next().map_or(0, |rows| rows.all);
        match data_type {
            DataType::Null => Ok(()),
            DataType::Utf8 | DataType::Binary => {
                self.offsets(4, rows)?;
                self.buffer(1)
            }
            DataType::LargeUtf8 | DataType::LargeBinary => {
                self.offsets(8, rows)?;
                self.buffer(1)
            }
            DataType::Utf8View | DataType::BinaryView => {
                self.widths(&[1, 16])?;
                let count = self.views.next().unwrap_or(0);
                (0..count).try_for_each(|_| {
                    if self.buffers.len() == 0 { Err(bad("missing buffers")) } else { self.buffer(1) }
                })
            }
            DataType::List(child) | DataType::Map(child, _) => {
                self.offsets(4, rows)?;
                self.array(child.data_type())
            }
            DataType::LargeList(child) => {
                self.offsets(8, rows)?;
                self.array(child.data_type())
            }
            DataType::ListView(child) => {
                self.widths(&[1, 4, 4])?;
                self.array(child.data_type())
            }
            DataType::LargeListView(child) => {
                self.buffer(1)?;
                self.small_buffer(rows, OUTSIDE)?;
                self.small_buffer(rows, OUTSIDE)?;
                self.array(child.data_type())
            }
            DataType::FixedSizeList(child, size) => {
                self.buffer(1)?;
                let values = self.rows.as_slice().first().map_or(0, |rows| rows.all);
                if rows * u64::from(size.unsigned_abs()) > values {
                    return Err(bad("lists that hold too few values"));
                }
                self.array(child.data_type())
            }
            DataType::Struct(children) => {
                self.buffer(1)?;
                children.iter().try_for_each(|c| self.array(c.data_type()))
            }
            DataType::RunEndEncoded(ends, values) => {
                if *ends.data_type() == DataType::Int64 {
                    let runs = self.rows.next().map_or(0, |rows| rows.all);
                    self.buffer(1)?;
                    self.small_buffer(runs, "runs of more than 2,147,483,647 rows, or of less than none")?;
                } else {
                    self.array(ends.data_type())?;
                }
                self.array(values.data_type())
            }
            DataType::Dictionary(index, _) => self.widths(&[1, index.primitive_width().unwrap_or(1) as u64]),
            DataType::Union(children, mode) => {
                if self.version < MetadataVersion::V5 {
                    self.buffer(1)?;
                }
                self.full_buffer(1, rows)?;
                if *mode == UnionMode::Dense {
                    self.placed_buffer(OFFSET_ALIGNMENT, rows)?;
                }
                children.iter().try_for_each(|(_, c)| self.array(c.data_type()))
            }
            DataType::Interval(IntervalUnit::DayTime) => {
                self.buffer(1)?;
                self.placed_buffer(INTERVAL_ALIGNMENT, rows)
            }
            DataType::Boolean | DataType::FixedSizeBinary(_) => self.widths(&[1, 1]),
            primitive => self.widths(&[1, primitive.primitive_width().unwrap_or(1) as u64]),
        }
    }
}
