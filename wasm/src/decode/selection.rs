//! Which rows of a row group are read.

use std::ops::Range;

use arrow_array::UInt32Array;
use arrow_buffer::ScalarBuffer;

use crate::error::{EngineError, Result};

#[derive(Clone, Debug)]
pub struct Selection {
    /// Start and end of each range in turn, ascending; None: all rows.
    ranges: Option<ScalarBuffer<u32>>,
    /// The row behind the last one that is read.
    end: u64,
}

/// Rows to pass over, then rows to read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowStep {
    pub skip: usize,
    pub take: usize,
}

/// Steps over more rows than are selected, as short gaps are cheaper read than passed over.
pub struct Bridged {
    pub steps: Vec<RowStep>,
    /// Rows that the steps read.
    pub rows: usize,
    /// Which of those are selected.
    pub selected: UInt32Array,
}

/// Passing over rows costs about what reading so many does, or picking so many of those that were read.
pub const SHORT_GAP: usize = 8;

impl Selection {
    pub fn all(rows: u64) -> Self {
        Self { ranges: None, end: rows }
    }

    /// `ranges`: start and end of each, in rows of a row group that has `rows`.
    pub fn new(ranges: ScalarBuffer<u32>, rows: u64) -> Result<Self> {
        let (pairs, odd) = ranges.as_chunks::<2>();
        let mut end = 0;
        for [from, to] in pairs {
            if from >= to || u64::from(*from) < end || u64::from(*to) > rows {
                return Err(EngineError::invalid_argument(format!(
                    "rows {from} to {to} behind those to {end}, of a row group of {rows} rows: ranges rise and are not empty"
                )));
            }
            end = u64::from(*to);
        }
        if !odd.is_empty() {
            return Err(EngineError::invalid_argument("a range of rows has a start and no end"));
        }
        Ok(Self { ranges: Some(ranges), end })
    }

    /// The first so many of its rows.
    pub fn first(self, count: u64) -> Self {
        let end = self.steps_end(0, count);
        Self { end, ..self }
    }

    pub fn end(&self) -> u64 {
        self.end
    }

    pub fn is_whole(&self, rows: u64) -> bool {
        self.ranges.is_none() && self.end == rows
    }

    pub fn count(&self) -> u64 {
        self.count_in(0..self.end)
    }

    pub fn ranges(&self) -> usize {
        self.ranges.as_ref().map_or(1, |ranges| ranges.len() / 2)
    }

    /// The selected rows from `row` on.
    pub fn from(&self, row: u64) -> impl Iterator<Item = Range<u64>> + '_ {
        let (pairs, _) = self.ranges.as_deref().unwrap_or_default().as_chunks::<2>();
        let all = self.ranges.is_none().then_some(0..self.end);
        let first = pairs.partition_point(|[_, to]| u64::from(*to) <= row);
        let some = pairs[first..].iter().map(|[from, to]| u64::from(*from)..u64::from(*to).min(self.end));
        all.into_iter()
            .chain(some)
            .map(move |range| range.start.max(row)..range.end)
            .take_while(|range| !range.is_empty())
    }

    pub fn has_any(&self, rows: Range<u64>) -> bool {
        self.from(rows.start).next().is_some_and(|range| range.start < rows.end)
    }

    pub fn count_in(&self, rows: Range<u64>) -> u64 {
        let within = self.from(rows.start).take_while(|range| range.start < rows.end);
        within.map(|range| range.end.min(rows.end) - range.start).sum()
    }

    /// How to get the next `count` selected rows when `row` is the next.
    pub fn steps(&self, row: u64, count: u64) -> impl Iterator<Item = RowStep> + '_ {
        let (mut at, mut left) = (row, count);
        self.from(row).map_while(move |range| {
            let take = (range.end - range.start).min(left);
            let step = RowStep { skip: (range.start - at) as usize, take: take as usize };
            (at, left) = (range.start + take, left - take);
            (take > 0).then_some(step)
        })
    }

    /// The same rows, where there are many short gaps: not twice as many are read.
    pub fn bridged(&self, row: u64, count: u64) -> Option<Bridged> {
        let is_bridged = |step: &RowStep| step.skip <= SHORT_GAP;
        let gaps = || self.steps(row, count).skip(1).filter(is_bridged).map(|step| step.skip);
        let (added, number) = gaps().fold((0, 0), |(rows, number), gap| (rows + gap, number + 1));
        if (SHORT_GAP * number) as u64 <= count || added as u64 > count {
            return None;
        }
        let rows = count as usize + added;
        let (mut steps, mut selected, mut at) = (Vec::<RowStep>::new(), Vec::with_capacity(count as usize), 0);
        for step in self.steps(row, count) {
            match steps.last_mut() {
                Some(last) if is_bridged(&step) => {
                    last.take += step.skip + step.take;
                    at += step.skip as u32;
                }
                _ => steps.push(step),
            }
            selected.extend(at..at + step.take as u32);
            at += step.take as u32;
        }
        Some(Bridged { steps, rows, selected: selected.into() })
    }

    /// The row behind those steps.
    pub fn steps_end(&self, row: u64, count: u64) -> u64 {
        self.steps(row, count).fold(row, |row, step| row + (step.skip + step.take) as u64)
    }

    /// Rows between ranges, before the first and behind the last of `rows`.
    pub fn gaps(&self, rows: u64) -> impl Iterator<Item = u64> + '_ {
        let mut at = 0;
        self.from(0).chain([rows..rows]).map(move |range| {
            let gap = range.start.saturating_sub(at);
            at = range.end;
            gap
        })
    }
}

/// Tells of rising rows whether they are selected.
pub struct Within<I: Iterator<Item = Range<u64>>> {
    ranges: I,
    now: Range<u64>,
}

impl<I: Iterator<Item = Range<u64>>> Within<I> {
    pub fn new(ranges: I) -> Self {
        Self { ranges, now: 0..0 }
    }

    pub fn has(&mut self, row: u64) -> bool {
        while row >= self.now.end {
            let Some(next) = self.ranges.next() else { return false };
            self.now = next;
        }
        self.now.contains(&row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ranges: &[u32]) -> Selection {
        Selection::new(ranges.to_vec().into(), 100).unwrap()
    }

    #[test]
    fn ranges_that_do_not_rise_or_are_not_there_are_refused() {
        for ranges in [&[3, 3][..], &[4, 2], &[0, 5, 4, 6], &[0, 101], &[0, 5, 7]] {
            assert!(Selection::new(ranges.to_vec().into(), 100).is_err(), "{ranges:?}");
        }
        assert_eq!(of(&[]).count(), 0);
        assert_eq!(of(&[0, 5, 5, 100]).count(), 100);
    }

    #[test]
    fn rows_are_found_counted_and_stepped_over() {
        let some = of(&[2, 5, 10, 20, 40, 41]);
        assert_eq!((some.count(), some.end(), some.ranges()), (14, 41, 3));
        assert!(some.from(12).eq([12..20, 40..41]));
        assert!(!some.has_any(5..10) && some.has_any(5..11) && !some.has_any(41..100));
        assert_eq!((some.count_in(3..11), some.count_in(20..40)), (3, 0));
        let step = |skip, take| RowStep { skip, take };
        assert!(some.steps(0, 5).eq([step(2, 3), step(5, 2)]));
        assert_eq!(some.steps_end(0, 5), 12);
        assert!(some.steps(12, 100).eq([step(0, 8), step(20, 1)]));
        assert!(some.gaps(100).eq([2, 5, 20, 59]));
        let mut within = Within::new(some.from(0));
        assert!((0..50).filter(|row| within.has(*row)).eq([2, 3, 4].into_iter().chain(10..20).chain([40])));
    }

    #[test]
    fn short_gaps_are_read_where_they_are_many_and_that_is_not_much() {
        let bridged = of(&[2, 5, 7, 9, 50, 60]).bridged(0, 7).unwrap();
        assert_eq!(bridged.steps, [RowStep { skip: 2, take: 7 }, RowStep { skip: 41, take: 2 }]);
        assert_eq!(bridged.rows, 9);
        assert!(bridged.selected.values().iter().copied().eq((0..3).chain(5..9)));
        assert!(of(&[2, 5, 7, 9, 50, 60]).bridged(0, 12).is_none());
        assert!(of(&[2, 5, 50, 60]).bridged(0, 13).is_none());
        assert!(of(&[2, 3, 10, 11]).bridged(0, 2).is_none());
    }

    #[test]
    fn the_first_rows_of_a_selection_are_one() {
        let some = of(&[2, 5, 10, 20]).first(4);
        assert_eq!((some.count(), some.end()), (4, 11));
        assert!(some.from(0).eq([2..5, 10..11]));
        assert_eq!(of(&[2, 5]).first(9).count(), 3);
        let all = Selection::all(100);
        assert!(all.is_whole(100) && !all.clone().first(7).is_whole(100));
        assert!(all.first(7).steps(3, 9).eq([RowStep { skip: 0, take: 4 }]));
    }
}
