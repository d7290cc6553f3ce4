//! What an offset index says of the pages to come: those that are read, and how many rows the others hold.

use std::collections::VecDeque;
use std::ops::Range;

use super::super::offset_index::PageLocation;
use super::super::selection::Selection;

#[derive(Debug, PartialEq)]
pub enum Ahead {
    /// Rows of pages that are not read.
    Passed(u64),
    Page {
        location: PageLocation,
        rows: u64,
    },
}

/// The pages of a chunk in order, and the ranges of the file to read: those of the pages that hold selected rows, and
/// what is before the first page, which is the dictionary. An error says how the index contradicts the file.
pub fn ahead(
    locations: &[PageLocation],
    chunk: &Range<u64>,
    rows: u64,
    selection: &Selection,
) -> std::result::Result<(VecDeque<Ahead>, Vec<Range<u64>>), String> {
    let mut at = PageLocation { offset: chunk.start, bytes: 0, first_row: 0 };
    let (mut ahead, mut ranges) = (VecDeque::new(), Vec::new());
    for (number, location) in locations.iter().enumerate() {
        let behind = location.offset.checked_add(location.bytes).is_none_or(|end| end > chunk.end);
        let goes_back = location.offset < at.offset + at.bytes || location.first_row < at.first_row;
        if behind || goes_back || number == 0 && location.first_row != 0 || location.bytes == 0 {
            return Err(format!("{location:?} is none of its pages, behind {at:?}, of {chunk:?}"));
        }
        if number == 0 {
            ranges.push(chunk.start..location.offset);
        }
        let end = locations.get(number + 1).map_or(rows, |next| next.first_row);
        at = *location;
        let Some(held) = end.checked_sub(location.first_row) else {
            return Err(format!("{location:?} begins behind row {end}"));
        };
        if held > 0 && selection.has_any(location.first_row..end) {
            ranges.push(location.offset..location.offset + location.bytes);
            ahead.push_back(Ahead::Page { location: *location, rows: held });
        } else if let Some(Ahead::Passed(rows)) = ahead.back_mut() {
            *rows += held;
        } else if held > 0 {
            ahead.push_back(Ahead::Passed(held));
        }
    }
    if locations.is_empty() && rows > 0 {
        return Err(format!("no pages, for {rows} rows"));
    }
    Ok((ahead, ranges))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(offset: u64, bytes: u64, first_row: u64) -> PageLocation {
        PageLocation { offset, bytes, first_row }
    }

    #[test]
    fn pages_with_selected_rows_are_read_and_the_dictionary() {
        let pages = [page(20, 10, 0), page(30, 5, 4), page(36, 4, 8), page(40, 10, 8), page(50, 1, 12)];
        let selection = Selection::new(vec![5, 6, 12, 13].into(), 20).unwrap();
        let (ahead, ranges) = ahead(&pages, &(10..60), 20, &selection).unwrap();
        let read = |location, rows| Ahead::Page { location, rows };
        assert_eq!(ahead, [Ahead::Passed(4), read(pages[1], 4), Ahead::Passed(4), read(pages[4], 8)]);
        assert_eq!(ranges, [10..20, 30..35, 50..51]);
    }

    #[test]
    fn an_index_that_cannot_be_of_the_chunk_is_refused() {
        let good = [page(20, 10, 0), page(30, 5, 4)];
        let check = |pages: &[PageLocation]| ahead(pages, &(20..40), 9, &Selection::all(9)).map(|_| ());
        check(&good).unwrap();
        for (at, changed) in [
            (0, page(19, 10, 0)),
            (0, page(20, 11, 0)),
            (0, page(20, 10, 1)),
            (0, page(20, 0, 0)),
            (1, page(30, 11, 4)),
            (1, page(30, 5, 10)),
            (1, page(u64::MAX, 5, 4)),
        ] {
            let mut pages = good;
            pages[at] = changed;
            assert!(check(&pages).is_err(), "{changed:?}");
        }
        assert!(check(&[]).is_err());
    }
}
