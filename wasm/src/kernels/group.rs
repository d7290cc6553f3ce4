//! Rows with equal keys get one number, in order of first row.

use arrow_buffer::NullBuffer;
use icestream_routing::{
    NumberedRows, Texts, Valid, hash_text, number, number_longs, number_rows, number_texts, number_wide, number_words,
};

use super::bytes::ByteRows;
use super::keys::{KeyColumn, Keys};

/// Groups by all columns together; there is at least one row.
pub fn group(columns: &[KeyColumn], rows: usize) -> NumberedRows {
    let mut all: Option<NumberedRows> = None;
    for column in columns {
        let nulls = column.nulls.as_ref();
        let groups = match (&column.keys, &all) {
            (Keys::Buckets { numbers, count }, Some(before)) if nulls.is_none() => pairs(before, numbers, *count),
            (keys, before) => match (of_column(keys, rows, nulls), before) {
                (None, _) => continue,
                (Some(groups), _) if groups.firsts.len() == 1 => continue,
                (Some(groups), None) => groups,
                (Some(groups), Some(before)) => pairs(before, &groups.ids, groups.firsts.len() as u32),
            },
        };
        all = Some(groups);
    }
    all.unwrap_or_else(|| NumberedRows { ids: vec![0; rows], firsts: vec![0] })
}

/// None: all rows are alike.
fn of_column(keys: &Keys, rows: usize, nulls: Option<&NullBuffer>) -> Option<NumberedRows> {
    Some(match keys {
        Keys::Void => return None,
        Keys::Ints(keys) => ints(keys, nulls),
        Keys::Buckets { numbers, count } => buckets(numbers, *count, nulls),
        Keys::Wide(keys) => number_wide(keys, valid(nulls)),
        Keys::Bytes { column, ends } => match ByteRows::of(column)? {
            ByteRows::Offsets32(offsets, values) => {
                number_texts(&Texts { offsets, values, lengths: ends.as_deref() }, valid(nulls))
            }
            values => number(&BytesOf { values, ends: ends.as_deref() }, rows, valid(nulls)),
        },
    })
}

fn valid(nulls: Option<&NullBuffer>) -> Option<Valid<'_>> {
    nulls.map(|nulls| Valid { bits: nulls.validity(), offset: nulls.offset() })
}

/// Of rows that have a group and a number below `count`.
fn pairs(before: &NumberedRows, numbers: &[u32], count: u32) -> NumberedRows {
    let rows = before.ids.iter().zip(numbers);
    match u32::try_from(before.firsts.len() as u64 * u64::from(count)) {
        Ok(most) => buckets(&rows.map(|(id, number)| id * count + number).collect::<Vec<_>>(), most, None),
        Err(_) => {
            let pair = |(id, number): (&u32, &u32)| i64::from(*id) << 32 | i64::from(*number);
            number_longs(&rows.map(pair).collect::<Vec<_>>(), None)
        }
    }
}

fn ints(keys: &[i64], nulls: Option<&NullBuffer>) -> NumberedRows {
    let wider = |(low, high): (i64, i64), key: &i64| (low.min(*key), high.max(*key));
    let none = (i64::MAX, i64::MIN);
    let range = match nulls {
        None => keys.iter().fold(none, wider),
        Some(nulls) => nulls.valid_indices().map(|i| &keys[i]).fold(none, wider),
    };
    let (low, high) = if range == none { (0, 0) } else { range };
    let span = high.wrapping_sub(low) as u64;
    if !few(span, keys.len()) {
        return number_longs(keys, valid(nulls));
    }
    let numbers: Vec<u32> = keys.iter().map(|key| key.wrapping_sub(low) as u32).collect();
    tabled(&numbers, span as u32 + 1, nulls)
}

fn buckets(numbers: &[u32], count: u32, nulls: Option<&NullBuffer>) -> NumberedRows {
    if few(count.into(), numbers.len()) { tabled(numbers, count, nulls) } else { number_words(numbers, valid(nulls)) }
}

/// Are so many different keys worth a table of all of them (buckets, days)?
fn few(keys: u64, rows: usize) -> bool {
    keys < (2 * rows as u64).max(1_024)
}

/// `numbers`: one a row, below `count` where it is not null.
fn tabled(numbers: &[u32], count: u32, nulls: Option<&NullBuffer>) -> NumberedRows {
    let Some(nulls) = nulls else { return number_rows(numbers, count as usize) };
    let marked = numbers.iter().zip(nulls).map(|(number, valid)| if valid { *number } else { count });
    number_rows(&marked.collect::<Vec<_>>(), count as usize + 1)
}

/// In the layouts that tables do not have.
struct BytesOf<'a> {
    values: ByteRows<'a>,
    ends: Option<&'a [u32]>,
}

impl<'a> icestream_routing::Keys for BytesOf<'a> {
    type Key = &'a [u8];

    fn key(&self, row: usize) -> &'a [u8] {
        let whole = self.values.get(row);
        self.ends.map_or(whole, |ends| &whole[..ends[row] as usize])
    }

    fn hash(&self, key: &'a [u8]) -> u64 {
        hash_text(key)
    }
}
