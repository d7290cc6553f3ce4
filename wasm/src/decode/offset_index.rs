//! Offset indexes: where the pages of a column chunk are, and which rows they hold.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use parquet::file::metadata::ColumnChunkMetaData;

use super::group::{Plan, Step, in_group};
use super::selection::Selection;
use super::thrift::{Cursor, I32, I64, LIST, STRUCT};
use super::windows::TAIL_BYTES;
use crate::error::{EngineError, Result};

/// Of one data page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PageLocation {
    pub offset: u64,
    /// With its header.
    pub bytes: u64,
    pub first_row: u64,
}

/// Pages with fewer bytes are rare.
const LEAST_PAGE_BYTES: u64 = 4 << 10;
/// Share of the memory limit that indexes may take as they come; they become about three times as large.
const SHARE: u64 = 16;

/// None: it is not one.
pub fn offset_index(bytes: &[u8]) -> Option<Vec<PageLocation>> {
    let mut cursor = Cursor::new(bytes);
    let mut locations = None;
    let mut id = 0;
    while let Some(kind) = cursor.field(&mut id)? {
        match (id, kind) {
            (1, LIST) => locations = Some(cursor.list_of(STRUCT, location)?),
            (_, kind) => cursor.skip(kind, 0)?,
        }
    }
    locations
}

fn location(cursor: &mut Cursor) -> Option<PageLocation> {
    let [mut offset, mut bytes, mut first_row] = [None; 3];
    let mut id = 0;
    while let Some(kind) = cursor.field(&mut id)? {
        let place = match (id, kind) {
            (1, I64) => &mut offset,
            (2, I32) => &mut bytes,
            (3, I64) => &mut first_row,
            (_, kind) => {
                cursor.skip(kind, 0)?;
                continue;
            }
        };
        *place = Some(u64::try_from(cursor.zigzag()?).ok()?);
    }
    Some(PageLocation { offset: offset?, bytes: bytes?, first_row: first_row? })
}

/// The range of a chunk's offset index; None: it has none.
pub fn range_of(chunk: &ColumnChunkMetaData) -> Option<Range<u64>> {
    chunk.offset_index_range().filter(|range| !range.is_empty())
}

pub fn refused(chunk: &ColumnChunkMetaData, text: &str) -> EngineError {
    let name = chunk.column_path().string();
    EngineError::corrupt(format!("column {name}: {text}")).at_column(name)
}

/// Fetches the offset indexes of one row group.
pub struct OffsetIndexes {
    plan: Arc<Plan>,
    group: usize,
    /// By leaf that is read: where it is, and what came.
    leaves: Vec<(Option<Range<u64>>, Option<Bytes>)>,
}

impl OffsetIndexes {
    /// None: they would not save more than asking for them costs.
    pub fn new(plan: &Arc<Plan>, group: usize, selection: &Selection) -> Option<Self> {
        let metadata = plan.metadata.row_group(group);
        let ranges = plan.leaves.iter().map(|leaf| range_of(metadata.column(*leaf)));
        let leaves: Vec<_> = ranges.map(|range| (range, None)).collect();
        let of = |leaf: usize| metadata.column(leaf).byte_range().1;
        let with = || plan.leaves.iter().zip(&leaves).filter(|(_, (range, _))| range.is_some());
        let (bytes, count) = with().fold((0, 0), |(bytes, count), (leaf, _)| (bytes + of(*leaf), count + 1));
        let size: u64 =
            leaves.iter().filter_map(|(range, _)| range.as_ref()).map(|range| range.end - range.start).sum();
        let rows = metadata.num_rows() as u64;
        let (least, cost) = match plan.offset_index_cost {
            0 => (1, 0),
            cost => (LEAST_PAGE_BYTES * count, cost.saturating_add(size)),
        };
        let gaps =
            selection.gaps(rows).map(|gap| (u128::from(bytes) * u128::from(gap) / u128::from(rows.max(1))) as u64);
        let saved: u64 = gaps.filter(|gap| *gap >= least).sum();
        let fits = size <= plan.limit / SHARE;
        (fits && saved > cost).then(|| Self { plan: plan.clone(), group, leaves })
    }

    fn chunk(&self, leaf: usize) -> &ColumnChunkMetaData {
        self.plan.metadata.row_group(self.group).column(self.plan.leaves[leaf])
    }

    pub fn push(&mut self, range: &Range<u64>, bytes: Bytes) -> Result<()> {
        let waits =
            |(of, came): &&mut (Option<Range<u64>>, Option<Bytes>)| of.as_ref() == Some(range) && came.is_none();
        match self.leaves.iter_mut().find(waits) {
            Some((_, came)) => *came = Some(bytes),
            None => return Err(EngineError::invalid_argument(format!("bytes {range:?} were not asked for"))),
        }
        Ok(())
    }

    /// The ranges that are needed; None: all came.
    pub fn needs(&self) -> Result<Option<Step>> {
        let waiting = self.leaves.iter().enumerate().filter(|(_, (_, came))| came.is_none());
        let mut ranges = Vec::new();
        for (leaf, range) in waiting.filter_map(|(leaf, (range, _))| Some((leaf, range.clone()?))) {
            if range.end > self.plan.file_bytes {
                return Err(in_group(self.group, refused(self.chunk(leaf), "its offset index is not inside the file")));
            }
            ranges.push(range);
        }
        ranges.sort_by_key(|range| range.start);
        Ok((!ranges.is_empty()).then_some(Step::Needs { ranges, gap: TAIL_BYTES }))
    }

    /// By leaf that is read.
    pub fn locations(&self) -> Result<Vec<Option<Vec<PageLocation>>>> {
        let read = |(leaf, (_, came)): (usize, &(_, Option<Bytes>))| match came {
            None => Ok(None),
            Some(bytes) => match offset_index(bytes) {
                Some(locations) => Ok(Some(locations)),
                None => Err(in_group(self.group, refused(self.chunk(leaf), "its offset index is not one"))),
            },
        };
        self.leaves.iter().enumerate().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_read_and_what_is_none_is_refused() {
        // Two pages: 10 bytes at 4 from row 0, 5 bytes at 14 from row 3; then a list that is passed over.
        let good = [0x19, 0x2c, 0x16, 8, 0x15, 20, 0x16, 0, 0, 0x16, 28, 0x15, 10, 0x16, 6, 0, 0x19, 0x16, 2, 0];
        let page = |offset, bytes, first_row| PageLocation { offset, bytes, first_row };
        assert_eq!(offset_index(&good).unwrap(), [page(4, 10, 0), page(14, 5, 3)]);
        for cut in 0..good.len() {
            assert_eq!(offset_index(&good[..cut]), None, "{cut}");
        }
        for bit in 0..good.len() * 8 {
            let mut bytes = good;
            bytes[bit / 8] ^= 1 << (bit % 8);
            offset_index(&bytes);
        }
        // Billions of pages, which are not there.
        assert_eq!(offset_index(&[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x16]), None);
    }
}
