//! One column chunk as its bytes arrive: pages in the file's order, and the rows that they hold.

mod again;
mod ahead;
mod arrival;
mod chunk_bytes;
mod extents;
mod place;
mod rows;
mod taking;

use std::collections::VecDeque;

use bytes::Bytes;
use parquet::basic::{Compression, Type};
use parquet::column::page::Page;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;

use self::again::Again;
use self::ahead::{Ahead, ahead};
use self::chunk_bytes::ChunkBytes;
use self::extents::Extents;
use self::place::Place;
use super::levels::LevelBytes;
use super::offset_index::PageLocation;
use super::page_check::PageCheck;
use super::page_decoder::PageDecoder;
use super::pages::{PageBounds, PageKind};
use super::selection::Selection;
use crate::error::{EngineError, Result};

/// What a page takes beside its bytes.
const PAGE_BYTES: u64 = size_of::<Waiting>() as u64 + 64;

/// What a leaf takes beside its pages.
const LEAF_BYTES: u64 = 2 << 10;

enum Body {
    /// Header and body.
    Raw {
        bytes: Bytes,
        /// Where its levels are, when they are not compressed.
        levels: Option<LevelBytes>,
    },
    /// Decompressed.
    Page(Page),
    /// It is not read, as none of its rows is selected.
    Passed,
}

/// A page that the decoder has not taken, or several that are passed over.
struct Waiting {
    kind: PageKind,
    body: Body,
    place: Place,
    /// First row and rows, by the offset index.
    said: Option<(u64, u64)>,
}

impl Waiting {
    fn passed(rows: u64) -> Self {
        let place = Place { rows, at_row: true, ..Place::default() };
        Self { kind: PageKind::Data, body: Body::Passed, place, said: None }
    }

    fn is_passed(&self) -> bool {
        matches!(self.body, Body::Passed)
    }
}

#[derive(Default)]
struct Dictionary {
    /// Header and body, once it was taken.
    page: Option<Bytes>,
    /// As whoever reads its values holds it.
    bytes: u64,
    values: u64,
}

pub struct Leaf {
    pub index: usize,
    pub name: String,
    physical: Type,
    /// What a value takes in an array; of a text, without its bytes.
    width: u64,
    max_rep: i16,
    max_def: i16,
    /// Its pages are not compressed.
    in_place: bool,
    rows_said: u64,
    values_said: i64,
    bounds: PageBounds,
    check: PageCheck,
    decoder: PageDecoder,
    chunk: ChunkBytes,
    /// Compressed bytes that it should hold: the more, the fewer requests.
    pub window: u64,
    selection: Selection,
    /// The pages to come by the offset index; None: it is not known.
    ahead: Option<VecDeque<Ahead>>,
    values_left: i64,
    waiting: VecDeque<Waiting>,
    /// Pages of `waiting` whose rows are known.
    counted: usize,
    rows: u64,
    /// Pages that the decoder took and may be in the middle of.
    taken: VecDeque<(Page, Place)>,
    /// When the last of them was taken it was not known whether its last row goes on.
    open_end: bool,
    dictionary: Dictionary,
    /// Bytes held beside pages.
    beside: u64,
    /// A column takes its pages and checks them itself, while none is foreign to it.
    direct: bool,
    foreign: bool,
    again: Again,
    /// Bytes of `waiting` that are compressed, and of decompressed pages.
    compressed: u64,
    decompressed: u64,
    largest: u64,
}

impl Leaf {
    /// Reads the selected rows, without the pages that have none where an offset index says which those are.
    pub fn new(
        index: usize,
        chunk: &ColumnChunkMetaData,
        rows: u64,
        selection: &Selection,
        offset_index: Option<&[PageLocation]>,
    ) -> Result<Self> {
        let column = chunk.column_descr();
        let name = column.path().string();
        let width = match chunk.column_type() {
            Type::INT32 | Type::FLOAT => 4,
            Type::INT64 | Type::DOUBLE => 8,
            Type::INT96 => 12,
            Type::FIXED_LEN_BYTE_ARRAY => u64::try_from(column.type_length()).unwrap_or(0),
            Type::BOOLEAN => 1,
            Type::BYTE_ARRAY => 4,
        };
        let decoder = PageDecoder::new(chunk).map_err(|e| EngineError::failed(e.to_string()))?;
        let (start, length) = chunk.byte_range();
        let whole = start..start + length;
        let (ahead, extents) = match offset_index {
            Some(locations) => {
                let (ahead, ranges) = ahead(locations, &whole, rows, selection).map_err(|text| {
                    EngineError::corrupt(format!("column {name}: its offset index says {text}")).at_column(name.clone())
                })?;
                (Some(ahead), Extents::new(ranges))
            }
            None => (None, Extents::new([whole])),
        };
        let chunk_bytes = ChunkBytes::new(extents);
        Ok(Self {
            index,
            name,
            physical: chunk.column_type(),
            width,
            max_rep: column.max_rep_level(),
            max_def: column.max_def_level(),
            in_place: chunk.compression() == Compression::UNCOMPRESSED,
            rows_said: rows,
            values_said: chunk.num_values(),
            bounds: PageBounds::new(chunk),
            check: PageCheck::new(column, !selection.is_whole(rows)),
            decoder,
            window: chunk_bytes.len(),
            chunk: chunk_bytes,
            selection: selection.clone(),
            ahead,
            values_left: chunk.num_values(),
            waiting: VecDeque::new(),
            counted: 0,
            rows: 0,
            taken: VecDeque::new(),
            open_end: false,
            dictionary: Dictionary::default(),
            beside: LEAF_BYTES,
            direct: false,
            foreign: false,
            again: Again::default(),
            compressed: 0,
            decompressed: 0,
            largest: 0,
        })
    }

    fn corrupt(&self, text: impl std::fmt::Display) -> EngineError {
        EngineError::corrupt(format!("column {}: {text}", self.name)).at_column(self.name.clone())
    }

    pub fn named(&self, e: ParquetError) -> EngineError {
        match e {
            ParquetError::General(text) | ParquetError::EOF(text) => self.corrupt(text),
            ParquetError::External(e) => match e.downcast::<EngineError>() {
                Ok(e) => {
                    EngineError { message: format!("column {}: {}", self.name, e.message), ..*e }.at_column(&*self.name)
                }
                Err(e) => self.corrupt(e),
            },
            other => self.corrupt(other),
        }
    }

    pub fn has_offset_index(&self) -> bool {
        self.ahead.is_some()
    }

    /// All bytes that it reads.
    pub fn chunk_bytes(&self) -> u64 {
        self.chunk.len()
    }

    /// Bytes that were not asked for yet.
    pub fn unasked(&self) -> u64 {
        if self.is_found() { 0 } else { self.chunk.unasked() }
    }

    /// Bytes that must be asked for before there can be another page.
    pub fn least(&self) -> u64 {
        self.chunk.least().min(self.unasked())
    }

    /// Compressed bytes held.
    pub fn compressed(&self) -> u64 {
        self.compressed + self.chunk.held()
    }

    /// All bytes held, with room for the page that comes next.
    pub fn held(&self) -> u64 {
        let dictionary = self.dictionary.page.as_ref().map_or(0, Bytes::len) as u64;
        // Pages that are not compressed stay where they are.
        let pages = if self.in_place { self.decompressed } else { self.decompressed.max(self.largest) };
        let ahead = self.ahead.as_ref().map_or(0, |ahead| ahead.len() * size_of::<Ahead>()) as u64;
        let places = (self.waiting.len() + self.taken.len()) as u64 * PAGE_BYTES;
        self.beside + self.compressed() + pages + self.dictionary.bytes + dictionary + ahead + places
    }

    pub fn ask(&mut self, bytes: u64) -> std::ops::Range<u64> {
        self.chunk.ask(bytes.min(self.unasked()))
    }
}
