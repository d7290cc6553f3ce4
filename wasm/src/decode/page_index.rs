//! The page index of some leaves of a row group as plain data.

use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::column_index::{ColumnIndex, column_index};
use super::offset_index::{PageLocation, offset_index, range_of, refused};
use crate::error::{EngineError, Result};
use crate::hex::hex;

/// How much larger an index becomes on its way.
const GROWTH: u64 = 8;

pub enum Step {
    Needs(Vec<Range<u64>>),
    /// JSON, by leaf: `[columnIndex, offsetIndex]`, either null where there is none. A column index is
    /// `[boundaryOrder, [[isNull, nullCount, nanCount, min, max], …]]`, an offset index `[[firstRow, offset, bytes], …]`.
    Ready(String),
}

pub struct PageIndexReader {
    metadata: Arc<ParquetMetaData>,
    group: usize,
    leaves: Vec<usize>,
    /// By leaf: its column index and its offset index.
    parts: Vec<[Part; 2]>,
}

struct Part {
    range: Option<Range<u64>>,
    bytes: Option<Bytes>,
}

impl PageIndexReader {
    pub fn new(
        metadata: &Arc<ParquetMetaData>,
        group: usize,
        leaves: Vec<usize>,
        file_bytes: u64,
        limit: u64,
    ) -> Result<Self> {
        let (groups, columns) = (metadata.num_row_groups(), metadata.file_metadata().schema_descr().num_columns());
        let invalid = |text: String| Err(EngineError::invalid_argument(text));
        if group >= groups {
            return invalid(format!("row group {group} of a file that has {groups}"));
        }
        if let Some(leaf) = leaves.iter().find(|leaf| **leaf >= columns) {
            return invalid(format!("leaf {leaf} of a file that has {columns}"));
        }
        let (mut parts, mut bytes) = (Vec::new(), 0);
        for leaf in &leaves {
            let chunk = metadata.row_group(group).column(*leaf);
            let ranges = [chunk.column_index_range().filter(|range| !range.is_empty()), range_of(chunk)];
            for range in ranges.iter().flatten() {
                if range.end > file_bytes {
                    return Err(refused(chunk, "its page index is not inside the file"));
                }
                bytes += range.end - range.start;
            }
            parts.push(ranges.map(|range| Part { range, bytes: None }));
        }
        let needed = bytes.saturating_mul(GROWTH);
        if needed > limit {
            let text =
                format!("the page index of row group {group} has {bytes} bytes; reading it takes {needed}, of {limit}");
            return Err(EngineError::too_small(needed, text));
        }
        Ok(Self { metadata: metadata.clone(), group, leaves, parts })
    }

    pub fn push(&mut self, start: u64, bytes: Bytes) -> Result<()> {
        let range = start..start + bytes.len() as u64;
        let mut parts = self.parts.iter_mut().flatten();
        match parts.find(|part| part.range.as_ref() == Some(&range) && part.bytes.is_none()) {
            Some(part) => part.bytes = Some(bytes),
            None => return Err(EngineError::invalid_argument(format!("bytes {range:?} were not asked for"))),
        }
        Ok(())
    }

    pub fn step(&self) -> Result<Step> {
        let waiting = self.parts.iter().flatten().filter(|part| part.bytes.is_none());
        let mut ranges: Vec<Range<u64>> = waiting.filter_map(|part| part.range.clone()).collect();
        if !ranges.is_empty() {
            ranges.sort_by_key(|range| range.start);
            return Ok(Step::Needs(ranges));
        }
        let mut json = String::from("[");
        for (leaf, [columns, offsets]) in self.leaves.iter().zip(&self.parts) {
            let chunk = self.metadata.row_group(self.group).column(*leaf);
            let columns = read(chunk, columns, column_index)?;
            let offsets = read(chunk, offsets, offset_index)?;
            if let (Some(columns), Some(offsets)) = (&columns, &offsets)
                && columns.pages.len() != offsets.len()
            {
                let text =
                    format!("its column index has {} pages, its offset index {}", columns.pages.len(), offsets.len());
                return Err(refused(chunk, &text));
            }
            json.push_str(if json.len() > 1 { ",[" } else { "[" });
            put_columns(&mut json, columns.as_ref());
            json.push(',');
            put_offsets(&mut json, offsets.as_deref());
            json.push(']');
        }
        json.push(']');
        Ok(Step::Ready(json))
    }
}

fn read<'a, T>(chunk: &ColumnChunkMetaData, part: &'a Part, read: fn(&'a [u8]) -> Option<T>) -> Result<Option<T>> {
    let read = part.bytes.as_ref().map(|bytes| read(bytes).ok_or_else(|| refused(chunk, "its page index is not one")));
    read.transpose()
}

fn put_list<T>(json: &mut String, items: &[T], put: impl Fn(&mut String, &T)) {
    json.push('[');
    for (at, item) in items.iter().enumerate() {
        json.push_str(if at > 0 { ",[" } else { "[" });
        put(json, item);
        json.push(']');
    }
    json.push(']');
}

// Writing to a string cannot fail.
fn put_columns(json: &mut String, index: Option<&ColumnIndex>) {
    let Some(index) = index else { return json.push_str("null") };
    let _ = write!(json, "[{},", index.boundary_order);
    put_list(json, &index.pages, |json, page| {
        let number = |count: Option<i64>| count.map_or("null".to_owned(), |count| count.to_string());
        let (nulls, nans) = (number(page.null_count), number(page.nan_count));
        let _ = write!(json, "{},{nulls},{nans},\"{}\",\"{}\"", page.is_null, hex(page.min), hex(page.max));
    });
    json.push(']');
}

fn put_offsets(json: &mut String, index: Option<&[PageLocation]>) {
    let Some(index) = index else { return json.push_str("null") };
    put_list(json, index, |json, page| {
        let _ = write!(json, "{},{},{}", page.first_row, page.offset, page.bytes);
    });
}
