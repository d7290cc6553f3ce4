//! One column chunk as its bytes arrive: pages in the file's order, and the rows that they hold.

mod again;
mod chunk_bytes;
mod place;

use std::collections::VecDeque;

use bytes::Bytes;
use parquet::basic::{Compression, Type};
use parquet::column::page::Page;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;

use self::again::Again;
use self::chunk_bytes::ChunkBytes;
use self::place::Place;
use super::levels::{levels_of, rows_that_begin};
use super::maps::MapEntries;
use super::page_check::{PageCheck, bad};
use super::page_decoder::PageDecoder;
use super::pages::{PageBounds, PageKind};
use super::thrift::PageHeader;
use crate::error::{EngineError, Result};

// Encodings by the format's numbers.
const OLD_DICTIONARY_INDICES: i32 = 2;
const PLAIN: i32 = 0;
const RLE: i32 = 3;
const DELTA_BYTE_ARRAY: i32 = 7;
const DICTIONARY_INDICES: i32 = 8;

/// A page that the decoder has not taken.
struct Waiting {
    kind: PageKind,
    /// Header and body; none once it was decompressed.
    bytes: Bytes,
    page: Option<Page>,
    place: Place,
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
    values_left: i64,
    waiting: VecDeque<Waiting>,
    /// Pages of `waiting` whose rows are known.
    counted: usize,
    rows: u64,
    /// Pages that the decoder took and may be in the middle of.
    taken: VecDeque<(Page, Place)>,
    dictionary: Dictionary,
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
    pub fn new(index: usize, chunk: &ColumnChunkMetaData, rows: u64) -> Result<Self> {
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
            check: PageCheck::new(column),
            decoder,
            window: chunk.byte_range().1,
            chunk: ChunkBytes::new(chunk.byte_range()),
            values_left: chunk.num_values(),
            waiting: VecDeque::new(),
            counted: 0,
            rows: 0,
            taken: VecDeque::new(),
            dictionary: Dictionary::default(),
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

    /// A column takes the pages, whose values have so many bytes as an array.
    pub fn read_by_column(&mut self, width: u64) {
        (self.direct, self.width) = (true, width);
    }

    /// Among the pages that arrived is one that a column cannot read.
    pub fn is_foreign(&self) -> bool {
        self.foreign
    }

    /// From now on the decoder takes the pages, which must have been checked.
    pub fn read_by_decoder(&mut self) -> Result<()> {
        self.direct = false;
        let again = self.dictionary_again().map_err(|e| self.named(e))?;
        let taken = self.taken.iter().map(|(page, _)| page);
        let waiting = self.waiting.iter().filter_map(|one| one.page.as_ref());
        let mut checked = Ok(());
        for page in again.iter().chain(taken).chain(waiting) {
            checked = checked.and_then(|()| self.check.page(page));
        }
        checked.map_err(|e| self.named(e))
    }

    pub fn set_dictionary_bytes(&mut self, bytes: u64) {
        self.dictionary.bytes = bytes;
    }

    pub fn chunk_bytes(&self) -> u64 {
        self.chunk.len()
    }

    /// Bytes that were not asked for yet.
    pub fn unasked(&self) -> u64 {
        if self.values_left > 0 { self.chunk.unasked() } else { 0 }
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
        self.compressed() + pages + self.dictionary.bytes + dictionary
    }

    pub fn ask(&mut self, bytes: u64) -> std::ops::Range<u64> {
        self.chunk.ask(bytes.min(self.unasked()))
    }

    pub fn push(&mut self, start: u64, bytes: Bytes) {
        self.chunk.push(start, bytes);
    }

    /// Finds the pages in what has arrived.
    pub fn parse(&mut self) -> Result<()> {
        while self.values_left > 0 {
            let Some((header, head)) = self.chunk.header().map_err(|at| {
                self.corrupt(format!(
                    "the page header at byte {at} of the column chunk is cut off or not a page header"
                ))
            })?
            else {
                break;
            };
            let left = self.chunk.left() - head;
            let kind = self.bounds.check(&header, left, self.values_left).map_err(|e| self.named(e))?;
            if kind == PageKind::Data {
                self.largest = self.largest.max(header.uncompressed_size as u64);
            }
            let Some(bytes) = self.chunk.page(head + header.compressed_size as u64) else { break };
            self.wait(kind, &header, bytes)?;
        }
        if self.values_left == 0 {
            // Files exist with padding behind the last value.
            self.chunk.close();
        } else if self.chunk.left() == 0 {
            let (held, said) = (self.values_said - self.values_left, self.values_said);
            return Err(self.corrupt(format!("its pages hold {held} values, the footer says {said}")));
        }
        Ok(())
    }

    fn wait(&mut self, kind: PageKind, header: &PageHeader, bytes: Bytes) -> Result<()> {
        if kind == PageKind::Index || kind == PageKind::Data && header.num_values == 0 {
            return Ok(());
        }
        let uncompressed = header.uncompressed_size as u64;
        // A refused growth of the memory is an answer here and a trap in the decoder.
        if Vec::<u8>::new().try_reserve_exact(uncompressed as usize).is_err() {
            let text =
                format!("column {}: a page of {uncompressed} bytes does not fit into the engine's memory", self.name);
            return Err(EngineError::too_small(2 * uncompressed, text).at_column(self.name.clone()));
        }
        let values = header.num_values as u64;
        let mut place = Place { uncompressed, ..Place::default() };
        if kind == PageKind::Dictionary {
            (self.dictionary.bytes, self.dictionary.values) = (uncompressed, values);
        } else {
            self.values_left -= i64::from(header.num_values);
            self.foreign |= !matches!(header.encoding, PLAIN | OLD_DICTIONARY_INDICES | DICTIONARY_INDICES);
            let levels = header.level_encodings.iter().zip([self.max_def, self.max_rep]);
            self.foreign |= header.kind == 0 && levels.into_iter().any(|(by, most)| most > 0 && *by != RLE);
            place.array = self.array_bytes(header.encoding, values, uncompressed);
            if self.max_rep == 0 {
                place = Place { before: self.rows, rows: values, at_row: true, ..place };
                self.rows += values;
            }
        }
        if self.max_rep == 0 {
            self.counted += 1;
        }
        self.compressed += bytes.len() as u64;
        self.waiting.push_back(Waiting { kind, bytes, page: None, place });
        Ok(())
    }

    fn array_bytes(&self, encoding: i32, values: u64, uncompressed: u64) -> u64 {
        if self.physical != Type::BYTE_ARRAY {
            return values * self.width;
        }
        let data = match encoding {
            DICTIONARY_INDICES | OLD_DICTIONARY_INDICES => {
                values.saturating_mul(self.dictionary.bytes) / self.dictionary.values.max(1)
            }
            // Each value is what differs from the one before: how long they are is not known.
            DELTA_BYTE_ARRAY => uncompressed.saturating_mul(4),
            _ => uncompressed,
        };
        data + values * self.width
    }

    /// Row by which the pages that are known end a row.
    pub fn rows_known(&self) -> u64 {
        // Where rows hold several values, the last may go on in the next page.
        if self.max_rep == 0 || self.is_whole() { self.rows } else { self.rows.saturating_sub(1) }
    }

    fn is_whole(&self) -> bool {
        self.values_left == 0 && self.counted == self.waiting.len()
    }

    /// Looks into pages until `row` rows are known, where that takes more than their headers.
    pub fn count_to(&mut self, row: u64, maps: &mut [MapEntries]) -> Result<()> {
        while self.counted < self.waiting.len() && self.rows_known() < row {
            let at = self.counted;
            let bytes = std::mem::take(&mut self.waiting[at].bytes);
            let uncompressed = self.waiting[at].place.uncompressed;
            let page = self.decode(bytes, uncompressed).map_err(|e| self.named(e))?;
            let before = self.rows;
            if let Some((reps, defs)) = levels_of(&page, self.max_rep, self.max_def).map_err(|e| self.named(e))? {
                let (rows, at_row) = rows_that_begin(&reps).map_err(|e| self.named(e))?;
                let place = &mut self.waiting[at].place;
                *place = Place { before, rows: rows as u64, at_row, ..*place };
                self.rows += rows as u64;
                if maps.iter().any(|map| map.has(self.index)) {
                    let levels = reps.all().and_then(|reps| Ok((reps, defs.all()?)));
                    let (reps, defs) = levels.map_err(|e| self.named(e))?;
                    for map in maps.iter_mut() {
                        map.add(self.index, &reps, &defs).map_err(|e| self.named(e))?;
                    }
                }
            }
            self.waiting[at].page = Some(page);
            self.counted += 1;
        }
        if self.is_whole() && self.rows != self.rows_said {
            return Err(self.corrupt(format!("its pages hold {} rows, the footer says {}", self.rows, self.rows_said)));
        }
        Ok(())
    }

    /// About what the rows take as arrays; they are known.
    pub fn array_bytes_of(&self, from: u64, rows: u64) -> u64 {
        let places = self.taken.iter().map(|(_, place)| place).chain(self.waiting.iter().map(|one| &one.place));
        places.take(self.taken.len() + self.counted).map(|place| place.array_bytes_of(from, rows)).sum()
    }

    fn decode(&mut self, bytes: Bytes, uncompressed: u64) -> parquet::errors::Result<Page> {
        self.compressed -= bytes.len() as u64;
        self.decompressed += uncompressed;
        let page = self.decoder.decode(bytes.clone())?;
        if !self.direct {
            self.check.page(&page)?;
        }
        if page.is_dictionary_page() {
            // A copy, as it may be a small part of what was pushed.
            self.dictionary.page = Some(Bytes::copy_from_slice(&bytes));
        }
        Ok(page)
    }

    /// Rows before `row` were read: pages that hold no others are not needed again.
    pub fn forget_before(&mut self, row: u64) {
        while let Some((_, place)) = self.taken.front() {
            let next = self.taken.get(1).map(|(_, next)| next).or_else(|| self.waiting.front().map(|one| &one.place));
            if !next.is_some_and(|next| next.at_row && next.before <= row) {
                break;
            }
            self.decompressed -= place.uncompressed;
            self.taken.pop_front();
        }
    }

    pub fn named_again(&self, e: ParquetError) -> ParquetError {
        match e {
            ParquetError::General(text) | ParquetError::EOF(text) => bad(format!("column {}: {text}", self.name)),
            other => other,
        }
    }

    pub fn next_page(&mut self) -> parquet::errors::Result<Option<Page>> {
        if let Some(page) = self.next_again()? {
            return Ok(Some(page));
        }
        let Some(Waiting { kind, bytes, page, place }) = self.waiting.pop_front() else {
            return if self.values_left == 0 {
                Ok(None)
            } else {
                Err(bad("its pages hold fewer rows than their headers say".into()))
            };
        };
        self.counted = self.counted.saturating_sub(1);
        let page = match page {
            Some(page) => page,
            None => self.decode(bytes, place.uncompressed)?,
        };
        if kind == PageKind::Data {
            self.taken.push_back((page.clone(), place));
        } else {
            self.decompressed -= place.uncompressed;
        }
        Ok(Some(page))
    }
}
