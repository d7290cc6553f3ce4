//! Equal keys of any kind get one number, by a hash table. Keys are compared as they are, never by hash alone.

use super::{NumberedRows, Valid};

/// A key a row.
pub trait Keys {
    type Key: Ord + Copy;
    fn key(&self, row: usize) -> Self::Key;
    /// Its lowest bits count.
    fn hash(&self, key: Self::Key) -> u64;
}

struct Values<'a, T, H>(&'a [T], H);

impl<T: Ord + Copy, H: Fn(T) -> u64> Keys for Values<'_, T, H> {
    type Key = T;
    #[inline]
    fn key(&self, row: usize) -> T {
        self.0[row]
    }
    #[inline]
    fn hash(&self, key: T) -> u64 {
        self.1(key)
    }
}

pub fn number_words(keys: &[u32], valid: Option<Valid<'_>>) -> NumberedRows {
    number(&Values(keys, |key| mix(u64::from(key))), keys.len(), valid)
}

pub fn number_longs(keys: &[i64], valid: Option<Valid<'_>>) -> NumberedRows {
    number(&Values(keys, |key| mix(key as u64)), keys.len(), valid)
}

pub fn number_wide(keys: &[i128], valid: Option<Valid<'_>>) -> NumberedRows {
    number(&Values(keys, |key| mix(key as u64 ^ mix((key >> 64) as u64))), keys.len(), valid)
}

pub(crate) fn mix(v: u64) -> u64 {
    let v = (v ^ (v >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let v = (v ^ (v >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    v ^ (v >> 32)
}

/// The groups so far, with the key of each but that of the nulls.
struct Table<K> {
    rows: NumberedRows,
    keys: Vec<Option<K>>,
    /// By hash, with linear probing: the number of a group and 1, or 0.
    slots: Vec<u32>,
    probes_left: usize,
}

/// The hash has no secret, so someone may send keys that collide: when probes become too many the rows are sorted
/// instead, which costs the same for any keys.
pub fn number<K: Keys>(keys: &K, rows: usize, valid: Option<Valid<'_>>) -> NumberedRows {
    let numbered = NumberedRows { ids: Vec::with_capacity(rows), firsts: Vec::new() };
    let mut table = Table { rows: numbered, keys: Vec::new(), slots: vec![0; 1_024], probes_left: 32 * rows + 4_096 };
    let mut of_nulls = None;
    // Neighbours are often equal.
    let mut last: Option<(K::Key, u32)> = None;
    for row in 0..rows {
        if valid.is_some_and(|valid| !valid.is(row)) {
            let id = *of_nulls.get_or_insert_with(|| table.open(row, None));
            table.rows.ids.push(id);
            continue;
        }
        let key = keys.key(row);
        let id = match last {
            Some((same, id)) if same == key => id,
            _ => match table.id(keys, row, key) {
                Some(id) => id,
                None => return sorted(keys, rows, valid),
            },
        };
        table.rows.ids.push(id);
        last = Some((key, id));
    }
    table.rows
}

impl<K: Ord + Copy> Table<K> {
    /// None: no probes are left.
    #[inline]
    fn id(&mut self, keys: &impl Keys<Key = K>, row: usize, key: K) -> Option<u32> {
        if 2 * self.keys.len() >= self.slots.len() {
            self.grow(keys);
        }
        let mask = self.slots.len() - 1;
        let mut slot = keys.hash(key) as usize & mask;
        loop {
            match self.slots[slot] {
                0 => {
                    let id = self.open(row, Some(key));
                    self.slots[slot] = id + 1;
                    return Some(id);
                }
                held if self.keys[held as usize - 1] == Some(key) => return Some(held - 1),
                _ => slot = (slot + 1) & mask,
            }
            self.probes_left -= 1;
            if self.probes_left == 0 {
                return None;
            }
        }
    }

    #[cold]
    fn open(&mut self, row: usize, key: Option<K>) -> u32 {
        self.keys.push(key);
        self.rows.open(row)
    }

    #[cold]
    fn grow(&mut self, keys: &impl Keys<Key = K>) {
        let size = 4 * self.slots.len();
        self.slots = vec![0; size];
        for (id, key) in self.keys.iter().enumerate() {
            let Some(key) = key else { continue };
            let mut slot = keys.hash(*key) as usize & (size - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = id as u32 + 1;
        }
    }
}

#[cold]
fn sorted(keys: &impl Keys, rows: usize, valid: Option<Valid<'_>>) -> NumberedRows {
    let key = |row: &u32| keys.key(*row as usize);
    let mut order: Vec<u32> = (0..rows as u32).filter(|row| valid.is_none_or(|v| v.is(*row as usize))).collect();
    order.sort_by_key(key);
    // The sort is stable: the first row of a run is the first of its key.
    let mut first_of: Vec<u32> = vec![u32::MAX; rows];
    for run in order.chunk_by(|a, b| key(a) == key(b)) {
        for row in run {
            first_of[*row as usize] = run[0];
        }
    }
    let mut numbered = NumberedRows { ids: Vec::with_capacity(rows), firsts: Vec::new() };
    let mut of_nulls = None;
    for (row, first) in first_of.into_iter().enumerate() {
        let id = match first {
            u32::MAX => *of_nulls.get_or_insert_with(|| numbered.open(row)),
            first if first as usize == row => numbered.open(row),
            first => numbered.ids[first as usize],
        };
        numbered.ids.push(id);
    }
    numbered
}

impl NumberedRows {
    fn open(&mut self, row: usize) -> u32 {
        self.firsts.push(row as u32);
        self.firsts.len() as u32 - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_made_to_collide_group_right() {
        let keys: Vec<i64> = (0..5_000).map(|i| (i % 2_500) * 1_000_003).collect();
        let bits: Vec<u8> = (0..5_000).map(|i| if i % 7 == 0 { 0x35 } else { 0xff }).collect();
        for valid in [None, Some(Valid { bits: &bits, offset: 3 })] {
            let bad = number(&Values(&keys, |_| 1), keys.len(), valid);
            let good = number_longs(&keys, valid);
            assert_eq!(bad.ids, good.ids);
            assert_eq!(bad.firsts, good.firsts);
        }
    }
}
