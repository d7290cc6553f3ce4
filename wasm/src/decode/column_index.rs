//! Column indexes: what is said of the values of each page.

use super::thrift::{BINARY, Cursor, I32, I64, LIST, TRUE};

#[derive(Debug, PartialEq)]
pub struct ColumnIndex<'a> {
    /// 0 in no order, 1 ascending, 2 descending.
    pub boundary_order: i32,
    pub pages: Vec<PageValues<'a>>,
}

#[derive(Debug, PartialEq)]
pub struct PageValues<'a> {
    /// It holds nulls only.
    pub is_null: bool,
    pub null_count: Option<i64>,
    pub nan_count: Option<i64>,
    /// Of a page of nulls without meaning.
    pub min: &'a [u8],
    pub max: &'a [u8],
}

/// None: it is not one.
pub fn column_index(bytes: &[u8]) -> Option<ColumnIndex<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (mut null_pages, mut min, mut max, mut boundary_order) = (None, None, None, None);
    let [mut null_counts, mut nan_counts] = [None, None];
    let mut id = 0;
    while let Some(kind) = cursor.field(&mut id)? {
        match (id, kind) {
            (1, LIST) => null_pages = Some(cursor.list_of(TRUE, |cursor| Some(cursor.byte()? == 1))?),
            (2, LIST) => min = Some(cursor.list_of(BINARY, Cursor::binary)?),
            (3, LIST) => max = Some(cursor.list_of(BINARY, Cursor::binary)?),
            (4, I32) => boundary_order = Some(cursor.int()?),
            (5, LIST) => null_counts = Some(cursor.list_of(I64, Cursor::zigzag)?),
            (8, LIST) => nan_counts = Some(cursor.list_of(I64, Cursor::zigzag)?),
            (_, kind) => cursor.skip(kind, 0)?,
        }
    }
    let (null_pages, min, max) = (null_pages?, min?, max?);
    let count = null_pages.len();
    let are_so_many = |counts: &Option<Vec<i64>>| counts.as_ref().is_none_or(|counts| counts.len() == count);
    if min.len() != count || max.len() != count || !are_so_many(&null_counts) || !are_so_many(&nan_counts) {
        return None;
    }
    let page = |at: usize| PageValues {
        is_null: null_pages[at],
        null_count: null_counts.as_ref().map(|counts| counts[at]),
        nan_count: nan_counts.as_ref().map(|counts| counts[at]),
        min: min[at],
        max: max[at],
    };
    Some(ColumnIndex { boundary_order: boundary_order?, pages: (0..count).map(page).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_and_what_is_none_is_refused() {
        let good = [
            0x19, 0x21, 2, 1, 0x19, 0x28, 1, 7, 0, 0x19, 0x28, 2, 8, 9, 0, 0x15, 2, 0x19, 0x26, 2, 6, 0x39, 0x26, 0, 8,
            0,
        ];
        let page = |is_null, null_count, nan_count, min, max| PageValues {
            is_null,
            null_count: Some(null_count),
            nan_count: Some(nan_count),
            min,
            max,
        };
        let pages = vec![page(false, 1, 0, &[7][..], &[8, 9][..]), page(true, 3, 4, &[], &[])];
        assert_eq!(column_index(&good), Some(ColumnIndex { boundary_order: 1, pages }));
        for cut in 0..good.len() {
            assert_eq!(column_index(&good[..cut]), None, "{cut}");
        }
        for bit in 0..good.len() * 8 {
            let mut bytes = good;
            bytes[bit / 8] ^= 1 << (bit % 8);
            column_index(&bytes);
        }
    }
}
