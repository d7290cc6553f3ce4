//! Pages found in the bytes of a column chunk that have arrived.

use bytes::Bytes;
use parquet::basic::Type;

use super::super::levels::LevelBytes;
use super::super::maps::MapEntries;
use super::super::pages::PageKind;
use super::super::thrift::PageHeader;
use super::ahead::Ahead;
use super::place::Place;
use super::{Body, Leaf, Waiting};
use crate::error::{EngineError, Result};

// Encodings by the format's numbers.
const OLD_DICTIONARY_INDICES: i32 = 2;
const PLAIN: i32 = 0;
const RLE: i32 = 3;
const DELTA_BYTE_ARRAY: i32 = 7;
const DICTIONARY_INDICES: i32 = 8;

/// Pages are found so many at a time.
const PAGES_AT_ONCE: usize = 16;

impl Leaf {
    pub fn push(&mut self, start: u64, bytes: Bytes) {
        self.chunk.push(start, bytes);
    }

    /// Finds pages in what has arrived, until it is known where `row` rows end or nothing is left.
    pub fn find_to(&mut self, row: u64, maps: &mut [MapEntries]) -> Result<()> {
        loop {
            let is_more = self.parse(self.waiting.len() + PAGES_AT_ONCE)?;
            self.count_to(row, maps)?;
            if !is_more || self.rows_known() >= row {
                return Ok(());
            }
        }
    }

    /// Finds the pages in what has arrived, until so many wait. Answers whether there may be more: those that are not
    /// needed yet are left in their bytes, which take less than pages that were found.
    fn parse(&mut self, most: usize) -> Result<bool> {
        loop {
            self.pass_unread_pages();
            if self.waiting.len() >= most && !self.is_found() {
                return Ok(true);
            }
            if self.is_found() {
                // Files exist with padding behind the last value.
                self.chunk.close();
                return Ok(false);
            }
            let Some((header, head)) = self.chunk.header().map_err(|at| {
                self.corrupt(format!("the page header at byte {at} of the file is cut off or not a page header"))
            })?
            else {
                break;
            };
            let left = self.chunk.left() - head;
            let kind = self.bounds.check(&header, left, self.values_left).map_err(|e| self.named(e))?;
            if kind == PageKind::Data {
                self.largest = self.largest.max(header.uncompressed_size as u64);
            }
            let offset = self.chunk.offset();
            let Some(bytes) = self.chunk.page(head + header.compressed_size as u64) else { break };
            self.wait(kind, &header, offset, head as usize, bytes)?;
        }
        if self.chunk.left() == 0 {
            let (held, said) = (self.values_said - self.values_left, self.values_said);
            return Err(self.corrupt(format!("its pages hold {held} values, the footer says {said}")));
        }
        Ok(false)
    }

    /// All pages that are to be read have arrived.
    pub(super) fn is_found(&self) -> bool {
        self.ahead.as_ref().map_or(self.values_left == 0, |ahead| ahead.is_empty())
    }

    fn pass_unread_pages(&mut self) {
        while let Some(Ahead::Passed(rows)) = self.ahead.as_ref().and_then(|ahead| ahead.front()) {
            let rows = *rows;
            if self.max_rep == 0 {
                self.values_left -= rows as i64;
            }
            self.waiting.push_back(Waiting::passed(rows));
            if self.max_rep == 0 {
                self.count_passed();
            }
            self.ahead.as_mut().and_then(|ahead| ahead.pop_front());
        }
    }

    fn wait(&mut self, kind: PageKind, header: &PageHeader, offset: u64, head: usize, bytes: Bytes) -> Result<()> {
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
        let mut place = Place { values, uncompressed, ..Place::default() };
        let mut said = None;
        if kind == PageKind::Dictionary {
            (self.dictionary.bytes, self.dictionary.values) = (uncompressed, values);
        } else {
            said = self.as_said(offset, bytes.len() as u64)?;
            self.values_left -= i64::from(header.num_values);
            place.array = self.array_bytes(header.encoding, values, uncompressed);
            if self.max_rep == 0 {
                place = Place { before: self.rows, rows: values, at_row: true, ..place };
                self.check_said(said, &place)?;
                if !self.selection.has_any(place.range()) {
                    return self.pass_flat(values);
                }
                self.rows += values;
            }
            self.foreign |= !matches!(header.encoding, PLAIN | OLD_DICTIONARY_INDICES | DICTIONARY_INDICES);
            let levels = header.level_encodings.iter().zip([self.max_def, self.max_rep]);
            self.foreign |= header.kind == 0 && levels.into_iter().any(|(by, most)| most > 0 && *by != RLE);
        }
        if self.max_rep == 0 {
            self.counted += 1;
        }
        self.compressed += bytes.len() as u64;
        let levels = header.level_bytes.map(|lengths| LevelBytes::behind(head, lengths));
        self.waiting.push_back(Waiting { kind, body: Body::Raw { bytes, levels }, place, said });
        Ok(())
    }

    /// A page of single values of which none is selected is not kept.
    fn pass_flat(&mut self, rows: u64) -> Result<()> {
        match self.waiting.back_mut() {
            Some(last) if last.is_passed() => {
                last.place.rows += rows;
                self.rows += rows;
            }
            _ => {
                self.waiting.push_back(Waiting::passed(rows));
                self.count_passed();
            }
        }
        Ok(())
    }

    /// What the offset index says of the data page that was found: where it begins and the rows in it.
    fn as_said(&mut self, offset: u64, bytes: u64) -> Result<Option<(u64, u64)>> {
        let Some(ahead) = &mut self.ahead else { return Ok(None) };
        match ahead.pop_front() {
            Some(Ahead::Page { location, rows }) if location.offset == offset && location.bytes == bytes => {
                Ok(Some((location.first_row, rows)))
            }
            said => Err(self.corrupt(format!(
                "its offset index says {said:?} where a page of {bytes} bytes is at byte {offset} of the file"
            ))),
        }
    }

    pub(super) fn check_said(&self, said: Option<(u64, u64)>, found: &Place) -> Result<()> {
        match said {
            Some((first, rows)) if (first, rows) != (found.before, found.rows) || !found.at_row => {
                Err(self.corrupt(format!(
                    "its offset index says that a page holds {rows} rows from row {first} on, and it holds {} from {}{}",
                    found.rows,
                    found.before,
                    if found.at_row { "" } else { ", behind the rest of another" }
                )))
            }
            _ => Ok(()),
        }
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
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Int64Type;
    use arrow_array::{ArrayRef, Int64Array, ListArray, RecordBatch};
    use parquet::file::metadata::ParquetMetaDataReader;
    use parquet::file::properties::WriterProperties;

    use super::super::super::group_tests::written;
    use super::super::super::selection::Selection;
    use super::*;

    #[test]
    fn pages_that_are_not_needed_yet_are_left_in_their_bytes() {
        let single: ArrayRef = Arc::new(Int64Array::from_iter_values(0..1000));
        let lists = (0..1000).map(|i| Some(vec![Some(i)]));
        let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(lists));
        for column in [single, lists] {
            let properties = WriterProperties::builder()
                .set_dictionary_enabled(false)
                .set_data_page_row_count_limit(1)
                .set_write_batch_size(1);
            let file = written(&RecordBatch::try_from_iter([("c", column)]).unwrap(), properties.build());
            let metadata = ParquetMetaDataReader::new().parse_and_finish(&file).unwrap();
            let chunk = metadata.row_group(0).column(0);
            let mut leaf = Leaf::new(0, chunk, 1000, &Selection::all(1000), None).unwrap();
            let range = leaf.ask(leaf.unasked());
            leaf.push(range.start, file.slice(range.start as usize..range.end as usize));
            let bytes = leaf.held();
            leaf.find_to(10, &mut []).unwrap();
            assert!(leaf.rows_known() >= 10 && leaf.waiting.len() <= 32, "{} pages", leaf.waiting.len());
            leaf.find_to(1000, &mut []).unwrap();
            assert_eq!((leaf.rows_known(), leaf.waiting.len()), (1000, 1000));
            assert!(leaf.held() >= bytes + 1000 * size_of::<Waiting>() as u64);
        }
    }
}
