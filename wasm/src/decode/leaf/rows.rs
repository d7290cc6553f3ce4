//! Which rows the pages of a column chunk hold, and when they are not needed any more.

use std::ops::Range;

use parquet::column::page::Page;
use parquet::errors::Result as PageResult;

use super::super::levels::{levels_of, rows_that_begin};
use super::super::maps::MapEntries;
use super::super::page_check::bad;
use super::super::pages::PageKind;
use super::super::selection::{SHORT_GAP, Selection, Within};
use super::place::Place;
use super::{Body, Leaf};
use crate::error::Result;

impl Leaf {
    /// Row by which the pages that are known end a row.
    pub fn rows_known(&self) -> u64 {
        // Where rows hold several values, the last may go on in the next page.
        if self.max_rep == 0 || self.is_whole() { self.rows } else { self.rows.saturating_sub(1) }
    }

    fn is_whole(&self) -> bool {
        self.is_found() && self.counted == self.waiting.len()
    }

    /// Looks into pages until `row` rows are known, where that takes more than their headers.
    pub(super) fn count_to(&mut self, row: u64, maps: &mut [MapEntries]) -> Result<()> {
        while self.counted < self.waiting.len() && self.rows_known() < row {
            if self.waiting[self.counted].is_passed() {
                self.count_passed();
                continue;
            }
            if let Some(place) = self.count_page(maps).map_err(|e| self.named(e))? {
                self.check_said(self.waiting[self.counted].said, &place)?;
                self.rows += place.rows;
                self.waiting[self.counted].place = place;
            }
            self.counted += 1;
            self.pass_counted();
        }
        if self.is_whole() && self.rows != self.rows_said {
            return Err(self.corrupt(format!("its pages hold {} rows, the footer says {}", self.rows, self.rows_said)));
        }
        Ok(())
    }

    /// The first page that is not counted is one that was passed over.
    pub(super) fn count_passed(&mut self) {
        let place = &mut self.waiting[self.counted].place;
        (place.before, place.at_row) = (self.rows, true);
        self.rows += place.rows;
        self.counted += 1;
    }

    /// Where the first page is that is not counted; None: it is a dictionary.
    fn count_page(&mut self, maps: &mut [MapEntries]) -> PageResult<Option<Place>> {
        let (at, before, place) = (self.counted, self.rows, self.waiting[self.counted].place);
        let (raw, page);
        let levels = match &self.waiting[at].body {
            // Of the second version levels are not compressed.
            Body::Raw { bytes, levels: Some(of) } => {
                raw = (bytes.clone(), of.clone());
                Some(raw.1.of(&raw.0, place.values as usize, [self.max_rep, self.max_def])?)
            }
            _ => {
                page = self.decode_waiting(at)?;
                self.waiting[at].body = Body::Page(page.clone());
                levels_of(&page, self.max_rep, self.max_def)?
            }
        };
        let Some((reps, defs)) = levels else { return Ok(None) };
        let (rows, at_row) = rows_that_begin(&reps)?;
        if before == 0 && !at_row {
            return Err(bad("its first value goes on with a row, and there is none before".into()));
        }
        let place = Place { before, rows: rows as u64, at_row, ..place };
        if maps.iter().any(|map| map.has(self.index)) {
            let (reps, defs) = selected(&self.selection, &place, reps.all()?, defs.all()?);
            for map in maps.iter_mut() {
                map.add(self.index, &reps, &defs)?;
            }
        }
        Ok(Some(place))
    }

    /// Decompresses a page that waits.
    fn decode_waiting(&mut self, at: usize) -> PageResult<Page> {
        let uncompressed = self.waiting[at].place.uncompressed;
        match std::mem::replace(&mut self.waiting[at].body, Body::Passed) {
            Body::Raw { bytes, .. } => self.decode(bytes, uncompressed),
            Body::Page(page) => Ok(page),
            Body::Passed => Err(bad("a page that is not read is asked for".into())),
        }
    }

    /// Of the pages that were counted last, those without selected rows are not kept: once it is known that the row
    /// before the next page ends.
    fn pass_counted(&mut self) {
        if self.max_rep == 0 {
            return;
        }
        let is_whole = self.is_whole();
        let last = self.counted - 1;
        if is_whole {
            self.pass_page(last);
        }
        let at_row = self.waiting.get(last).is_some_and(|one| one.place.at_row);
        if let Some(before) = last.checked_sub(1)
            && at_row
        {
            self.pass_page(before);
        }
    }

    fn pass_page(&mut self, at: usize) {
        // The decoder will look into it for the end of a row.
        if at == 0 && self.open_end && !self.direct {
            return;
        }
        let Some(one) = self.waiting.get_mut(at) else { return };
        if one.kind != PageKind::Data || !one.place.at_row || self.selection.has_any(one.place.range()) {
            return;
        }
        match std::mem::replace(&mut one.body, Body::Passed) {
            Body::Raw { bytes, .. } => self.compressed -= bytes.len() as u64,
            Body::Page(_) => self.decompressed -= one.place.uncompressed,
            Body::Passed => {}
        }
        (one.place.uncompressed, one.place.array) = (0, 0);
        let rows = one.place.rows;
        if let Some(before) = at.checked_sub(1)
            && self.waiting[before].is_passed()
        {
            self.waiting[before].place.rows += rows;
            self.waiting.remove(at);
            self.counted -= 1;
        }
    }

    /// Whether pages are passed over in gaps that are short.
    pub fn passes_short_gaps(&self) -> bool {
        self.waiting.iter().any(|one| one.is_passed() && one.place.rows <= SHORT_GAP as u64)
    }

    /// About what the selected ones of these rows take as arrays; they are known.
    pub fn array_bytes_of(&self, rows: &Range<u64>) -> u64 {
        let places = self.taken.iter().map(|(_, place)| place).chain(self.waiting.iter().map(|one| &one.place));
        let places = places.take(self.taken.len() + self.counted);
        places.map(|place| place.array_bytes_of(rows, &self.selection)).sum()
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
}

/// The levels of the rows that are selected.
fn selected(selection: &Selection, place: &Place, reps: Vec<i16>, defs: Vec<i16>) -> (Vec<i16>, Vec<i16>) {
    let mut next = place.before;
    let first = place.before.saturating_sub(1);
    let mut within = Within::new(selection.from(first));
    let kept = reps.iter().zip(&defs).filter(|(rep, _)| {
        next += u64::from(**rep == 0);
        within.has(next.saturating_sub(1))
    });
    kept.map(|(rep, def)| (*rep, *def)).unzip()
}
