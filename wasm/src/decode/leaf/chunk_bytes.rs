//! The bytes of one column chunk that are read, as they arrive, cut into pages.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::super::thrift::{Header, PageHeader, page_header};
use super::extents::Extents;

/// Places are counted over what is read of the chunk.
pub struct ChunkBytes {
    extents: Extents,
    asked_to: u64,
    arrived_to: u64,
    /// Bytes that came before those in front of them.
    early: BTreeMap<u64, Bytes>,
    /// Where the next page begins; its bytes, and what follows as far as it has arrived.
    at: u64,
    unparsed: VecDeque<Bytes>,
    /// Where the next page, or its header, ends at the earliest.
    least_end: u64,
}

impl ChunkBytes {
    pub fn new(extents: Extents) -> Self {
        Self {
            extents,
            asked_to: 0,
            arrived_to: 0,
            early: BTreeMap::new(),
            at: 0,
            unparsed: VecDeque::new(),
            least_end: 0,
        }
    }

    pub fn len(&self) -> u64 {
        self.extents.len()
    }

    /// Where in the file the next page begins.
    pub fn offset(&self) -> u64 {
        self.extents.in_file(self.at)
    }

    /// Bytes of pages that were not found yet.
    pub fn left(&self) -> u64 {
        self.len() - self.at
    }

    pub fn unasked(&self) -> u64 {
        self.len() - self.asked_to
    }

    /// Bytes that must be asked for before there can be another page.
    pub fn least(&self) -> u64 {
        self.least_end.max(self.at + 1).saturating_sub(self.asked_to).max(1).min(self.unasked())
    }

    /// Bytes that were asked for and are not yet a page, and what is known of where they are.
    pub fn held(&self) -> u64 {
        self.asked_to - self.at + self.extents.held()
    }

    /// A range of the file, at most so many bytes; fewer where others than those are not read.
    pub fn ask(&mut self, bytes: u64) -> Range<u64> {
        let range = self.extents.take(self.asked_to, bytes.min(self.unasked()));
        self.asked_to += range.end - range.start;
        range
    }

    pub fn push(&mut self, start: u64, bytes: Bytes) {
        self.early.insert(self.extents.place_of(start), bytes);
        while let Some(bytes) = self.early.remove(&self.arrived_to) {
            self.arrived_to += bytes.len() as u64;
            self.unparsed.push_back(bytes);
        }
    }

    /// The header of the next page and its length; None: it has not arrived. An error is where in the file it is none.
    pub fn header(&mut self) -> std::result::Result<Option<(PageHeader, u64)>, u64> {
        loop {
            let arrived = self.arrived_to - self.at;
            if arrived == 0 {
                return Ok(None);
            }
            let shown = self.front(1);
            let (length, found) = (shown.len(), page_header(shown));
            match found {
                Header::Whole(header, head) => return Ok(Some((header, head as u64))),
                Header::CutOff(least) if least as u64 <= self.left() => {
                    if arrived < least as u64 {
                        self.least_end = self.at + least as u64;
                        return Ok(None);
                    }
                    self.front(least.max(2 * length));
                }
                Header::CutOff(_) | Header::Bad => return Err(self.offset()),
            }
        }
    }

    /// The page of so many bytes, header and all; None: it has not arrived.
    pub fn page(&mut self, bytes: u64) -> Option<Bytes> {
        if self.arrived_to - self.at < bytes {
            self.least_end = self.at + bytes;
            return None;
        }
        self.front(bytes as usize);
        let first = self.unparsed.front_mut()?;
        let page = first.split_to(bytes as usize);
        if first.is_empty() {
            self.unparsed.pop_front();
        }
        self.at += bytes;
        Some(page)
    }

    /// Nothing of the rest is wanted.
    pub fn close(&mut self) {
        self.unparsed.clear();
        self.early.clear();
        self.at = self.asked_to;
    }

    /// Makes the first piece at least so long; where there is not so much, all that there is.
    fn front(&mut self, length: usize) -> &[u8] {
        if self.unparsed.front().is_some_and(|first| first.len() < length) && self.unparsed.len() > 1 {
            let mut joined = BytesMut::with_capacity(length);
            while joined.len() < length
                && let Some(mut next) = self.unparsed.pop_front()
            {
                let taken = next.split_to(next.len().min(length - joined.len()));
                joined.extend_from_slice(&taken);
                if !next.is_empty() {
                    self.unparsed.push_front(next);
                }
            }
            self.unparsed.push_front(joined.freeze());
        }
        self.unparsed.front().map_or(&[], |first| first)
    }
}
