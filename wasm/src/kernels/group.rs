//! Rows with equal keys get one number, in order of first row. Keys are compared as they are, never by hash alone.

use std::cmp::Ordering;

use arrow_buffer::NullBuffer;
use icestream_routing::{NumberedRows, number_rows};

use super::bytes::ByteRows;
use super::keys::{KeyColumn, Keys};

pub struct Groups {
    /// The group of each row.
    pub ids: Vec<u32>,
    /// The first row of each group.
    pub firsts: Vec<u32>,
}

/// Groups by all columns together; there is at least one row.
pub fn group(columns: &[KeyColumn], rows: usize) -> Groups {
    let mut all: Option<Groups> = None;
    for column in columns {
        let groups = match &column.keys {
            Keys::Void => continue,
            Keys::Ints(keys) => ints(keys, column.nulls.as_ref()),
            Keys::Buckets { numbers, count } => buckets(numbers, *count, column.nulls.as_ref()),
            Keys::Wide(keys) => wide(keys, column.nulls.as_ref()),
            Keys::Bytes { column: array, ends } => match ByteRows::of(array) {
                Some(values) => strings(&Strings { values, ends: ends.as_deref() }, rows, column.nulls.as_ref()),
                None => continue,
            },
        };
        if groups.firsts.len() == 1 {
            continue;
        }
        all = Some(match all {
            None => groups,
            Some(before) => combine(&before, &groups),
        });
    }
    all.unwrap_or_else(|| Groups { ids: vec![0; rows], firsts: vec![0] })
}

fn combine(a: &Groups, b: &Groups) -> Groups {
    let width = b.firsts.len() as i64;
    let keys: Vec<i64> = a.ids.iter().zip(&b.ids).map(|(a, b)| i64::from(*a) * width + i64::from(*b)).collect();
    ints(&keys, None)
}

fn ints(keys: &[i64], nulls: Option<&NullBuffer>) -> Groups {
    let wider = |(low, high): (i64, i64), key: &i64| (low.min(*key), high.max(*key));
    let none = (i64::MAX, i64::MIN);
    let range = match nulls {
        None => keys.iter().fold(none, wider),
        Some(nulls) => nulls.valid_indices().map(|i| &keys[i]).fold(none, wider),
    };
    let (low, high) = if range == none { (0, 0) } else { range };
    let span = high.wrapping_sub(low) as u64;
    if !few(span, keys.len()) {
        return hashed(&Values(keys, |v: &i64| mix(*v as u64)), keys.len(), nulls);
    }
    tabled(keys.iter().map(|key| key.wrapping_sub(low) as usize), span as usize + 1, nulls)
}

fn buckets(numbers: &[u32], count: u32, nulls: Option<&NullBuffer>) -> Groups {
    if !few(count.into(), numbers.len()) {
        return hashed(&Values(numbers, |v: &u32| mix(u64::from(*v))), numbers.len(), nulls);
    }
    if nulls.is_none() {
        let NumberedRows { ids, firsts } = number_rows(numbers, count as usize);
        return Groups { ids, firsts };
    }
    tabled(numbers.iter().map(|number| *number as usize), count as usize, nulls)
}

/// Are so many different keys worth a table of all of them (buckets, days)?
fn few(keys: u64, rows: usize) -> bool {
    keys < (2 * rows as u64).max(1_024)
}

/// `keys`: one a row, below `count` where it is not null.
fn tabled(keys: impl Iterator<Item = usize>, count: usize, nulls: Option<&NullBuffer>) -> Groups {
    const NONE: u32 = u32::MAX;
    let mut table = vec![NONE; count + 1];
    let mut firsts = Vec::new();
    let id = |(row, key): (usize, usize)| {
        let id = &mut table[key];
        if *id == NONE {
            *id = firsts.len() as u32;
            firsts.push(row as u32);
        }
        *id
    };
    let ids = match nulls {
        None => keys.enumerate().map(id).collect(),
        Some(nulls) => {
            keys.zip(nulls).map(|(key, valid)| if valid { key } else { count }).enumerate().map(id).collect()
        }
    };
    Groups { ids, firsts }
}

fn wide(keys: &[i128], nulls: Option<&NullBuffer>) -> Groups {
    hashed(&Values(keys, |v: &i128| mix(*v as u64 ^ mix((*v >> 64) as u64))), keys.len(), nulls)
}

/// Strings of up to 15 bytes group as numbers: their bytes and their length.
fn strings(keys: &Strings<'_>, len: usize, nulls: Option<&NullBuffer>) -> Groups {
    let mut packed = Vec::with_capacity(len);
    for i in 0..len {
        let text = if nulls.is_some_and(|n| n.is_null(i)) { &[] } else { keys.get(i) };
        if text.len() > 15 {
            return hashed(keys, len, nulls);
        }
        packed.push(pack(text));
    }
    hashed(&Values(&packed, |v: &(u64, u64)| mix(v.0 ^ mix(v.1))), len, nulls)
}

/// The bytes (at most 15) and how many they are.
fn pack(text: &[u8]) -> (u64, u64) {
    let size = text.len();
    let length = (size as u64) << 56;
    if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        // Two reads that overlap; the second drops what the first has.
        let rest = u64::from_le_bytes(*last).checked_shr(8 * (16 - size) as u32).unwrap_or(0);
        return (u64::from_le_bytes(*first), rest | length);
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let rest = u64::from(u32::from_le_bytes(*last)) >> (8 * (8 - size));
        return (u64::from(u32::from_le_bytes(*first)) | rest << 32, length);
    }
    (text.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)), length)
}

trait Rows {
    fn hash(&self, i: usize) -> u64;
    fn compare(&self, i: usize, j: usize) -> Ordering;
    fn same(&self, i: usize, j: usize) -> bool;
}

struct Values<'a, T, H>(&'a [T], H);

impl<T: Ord, H: Fn(&T) -> u64> Rows for Values<'_, T, H> {
    fn hash(&self, i: usize) -> u64 {
        self.1(&self.0[i])
    }
    fn compare(&self, i: usize, j: usize) -> Ordering {
        self.0[i].cmp(&self.0[j])
    }
    fn same(&self, i: usize, j: usize) -> bool {
        self.0[i] == self.0[j]
    }
}

struct Strings<'a> {
    values: ByteRows<'a>,
    /// Length of each key; None: all of the value.
    ends: Option<&'a [u32]>,
}

impl Strings<'_> {
    #[inline]
    fn get(&self, i: usize) -> &[u8] {
        let whole = self.values.get(i);
        self.ends.map_or(whole, |ends| &whole[..ends[i] as usize])
    }
}

impl Rows for Strings<'_> {
    fn hash(&self, i: usize) -> u64 {
        let bytes = self.get(i);
        let (words, tail) = bytes.as_chunks::<8>();
        let mut last = [0; 8];
        last[..tail.len()].copy_from_slice(tail);
        let start = mix(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
        words.iter().fold(start, |h, w| mix(h ^ u64::from_le_bytes(*w)))
    }
    fn compare(&self, i: usize, j: usize) -> Ordering {
        self.get(i).cmp(self.get(j))
    }
    fn same(&self, i: usize, j: usize) -> bool {
        self.get(i) == self.get(j)
    }
}

fn mix(v: u64) -> u64 {
    let v = (v ^ (v >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let v = (v ^ (v >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    v ^ (v >> 32)
}

/// Open addressing with linear probing. The hash has no secret, so someone may send keys that collide: when probes
/// become too many the rows are sorted instead, which costs the same for any keys.
fn hashed(rows: &impl Rows, len: usize, nulls: Option<&NullBuffer>) -> Groups {
    let mut groups = Groups { ids: Vec::with_capacity(len), firsts: Vec::new() };
    let mut table: Vec<u32> = vec![0; 1_024];
    let mut probes_left = 32 * len + 4_096;
    let mut null_group = None;
    // Neighbours are often equal.
    let mut last: Option<(usize, u32)> = None;
    for i in 0..len {
        if nulls.is_some_and(|n| n.is_null(i)) {
            let id = *null_group.get_or_insert_with(|| groups.open(i));
            groups.ids.push(id);
            continue;
        }
        if let Some((row, id)) = last
            && rows.same(row, i)
        {
            groups.ids.push(id);
            continue;
        }
        if 2 * groups.firsts.len() >= table.len() {
            table = groups.rehash(rows, 4 * table.len(), null_group);
        }
        let mask = table.len() - 1;
        let mut slot = rows.hash(i) as usize & mask;
        let id = loop {
            match table[slot] {
                0 => {
                    let id = groups.open(i);
                    table[slot] = id + 1;
                    break id;
                }
                held if rows.same(groups.firsts[held as usize - 1] as usize, i) => break held - 1,
                _ => slot = (slot + 1) & mask,
            }
            probes_left -= 1;
            if probes_left == 0 {
                return sorted(rows, len, nulls);
            }
        };
        groups.ids.push(id);
        last = Some((i, id));
    }
    groups
}

impl Groups {
    fn open(&mut self, row: usize) -> u32 {
        self.firsts.push(row as u32);
        self.firsts.len() as u32 - 1
    }

    fn rehash(&self, rows: &impl Rows, size: usize, null_group: Option<u32>) -> Vec<u32> {
        let mut table = vec![0; size];
        for (id, row) in self.firsts.iter().enumerate().filter(|(id, _)| null_group != Some(*id as u32)) {
            let mut slot = rows.hash(*row as usize) as usize & (size - 1);
            while table[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            table[slot] = id as u32 + 1;
        }
        table
    }
}

fn sorted(rows: &impl Rows, len: usize, nulls: Option<&NullBuffer>) -> Groups {
    let valid = |i: usize| nulls.is_none_or(|n| n.is_valid(i));
    let mut order: Vec<u32> = (0..len as u32).filter(|i| valid(*i as usize)).collect();
    order.sort_by(|a, b| rows.compare(*a as usize, *b as usize));
    // The sort is stable: the first row of a run is the first of its key.
    let mut first_of: Vec<u32> = vec![u32::MAX; len];
    for run in order.chunk_by(|a, b| rows.same(*a as usize, *b as usize)) {
        for row in run {
            first_of[*row as usize] = run[0];
        }
    }
    let mut groups = Groups { ids: Vec::with_capacity(len), firsts: Vec::new() };
    let mut null_group = None;
    for (i, first) in first_of.into_iter().enumerate() {
        let id = match first {
            u32::MAX => *null_group.get_or_insert_with(|| groups.open(i)),
            first if first as usize == i => groups.open(i),
            first => groups.ids[first as usize],
        };
        groups.ids.push(id);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_made_to_collide_group_right() {
        let keys: Vec<i64> = (0..5_000).map(|i| (i % 2_500) * 1_000_003).collect();
        let nulls = NullBuffer::from_iter((0..5_000).map(|i| i % 7 != 0));
        let colliding = Values(&keys, |_: &i64| 1);
        for nulls in [None, Some(&nulls)] {
            let (bad, good) = (hashed(&colliding, 5_000, nulls), ints(&keys, nulls));
            assert_eq!(bad.ids, good.ids);
            assert_eq!(bad.firsts, good.firsts);
        }
    }
}
