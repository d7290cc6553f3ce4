//! Maps, whose key and value columns must have the same entries: the decoder takes that for granted.

use std::collections::VecDeque;

use parquet::basic::{ConvertedType, LogicalType, Repetition};
use parquet::errors::Result;
use parquet::schema::types::Type;

use super::page_check::bad;

/// A map's leaves, and the levels at which an entry of it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct MapLeaves {
    pub first: usize,
    pub end: usize,
    rep: i16,
    def: i16,
}

pub fn maps_of(root: &Type) -> Vec<MapLeaves> {
    let mut found = Vec::new();
    let mut leaf = 0;
    for field in root.get_fields() {
        walk(field, 0, 0, &mut leaf, &mut found);
    }
    found
}

fn walk(field: &Type, rep: i16, def: i16, leaf: &mut usize, found: &mut Vec<MapLeaves>) {
    let repetition = repetition_of(field);
    let rep = rep + i16::from(repetition == Repetition::REPEATED);
    let def = def + i16::from(repetition != Repetition::REQUIRED);
    if field.is_primitive() {
        *leaf += 1;
        return;
    }
    let first = *leaf;
    for child in field.get_fields() {
        walk(child, rep, def, leaf, found);
    }
    if is_map(field) {
        found.push(MapLeaves { first, end: *leaf, rep: rep + 1, def: def + 1 });
    }
}

fn repetition_of(field: &Type) -> Repetition {
    let info = field.get_basic_info();
    if info.has_repetition() { info.repetition() } else { Repetition::REQUIRED }
}

/// Of a group.
fn is_map(field: &Type) -> bool {
    let info = field.get_basic_info();
    // MAP_KEY_VALUE also stands on the repeated group inside of a map that old writers wrote.
    repetition_of(field) != Repetition::REPEATED
        && (matches!(info.logical_type_ref(), Some(LogicalType::Map))
            || matches!(info.converted_type(), ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE))
}

/// Whether the entries of all maps in a field are groups, which the parquet crate takes for granted.
pub fn have_entries(field: &Type) -> bool {
    field.is_primitive()
        || field.get_fields().iter().all(|child| have_entries(child) && !(is_map(field) && child.is_primitive()))
}

/// The entries of one map's leaves as their pages come: those that all leaves have given are equal and forgotten.
pub struct MapEntries {
    map: MapLeaves,
    /// By leaf that is read.
    ahead: Vec<(usize, VecDeque<u16>)>,
    /// Rows that begin among the entries that were forgotten.
    rows: u64,
}

impl MapEntries {
    pub fn new(map: MapLeaves, leaves: &[usize]) -> Self {
        let ahead = leaves.iter().filter(|leaf| (map.first..map.end).contains(leaf));
        Self { ahead: ahead.map(|leaf| (*leaf, VecDeque::new())).collect(), map, rows: 0 }
    }

    pub fn has(&self, leaf: usize) -> bool {
        self.ahead.iter().any(|(of, _)| *of == leaf)
    }

    pub fn add(&mut self, leaf: usize, reps: &[i16], defs: &[i16]) -> Result<()> {
        let Some((_, ahead)) = self.ahead.iter_mut().find(|(of, _)| *of == leaf) else { return Ok(()) };
        // Levels below the map's own entries belong to what is inside a value.
        let own = reps.iter().zip(defs).filter(|(rep, _)| **rep <= self.map.rep);
        ahead.extend(own.map(|(rep, def)| (*rep as u16) << 1 | u16::from(*def >= self.map.def)));
        let known = self.ahead.iter().map(|(_, entries)| entries.len()).min().unwrap_or(0);
        let Some(((_, first), rest)) = self.ahead.split_first_mut() else { return Ok(()) };
        for (_, other) in rest {
            if first.range(..known).ne(other.range(..known)) {
                return Err(bad("it has other entries than the rest of its map".into()));
            }
            other.drain(..known);
        }
        self.rows += first.drain(..known).filter(|entry| entry >> 1 == 0).count() as u64;
        Ok(())
    }

    /// Whether the first `rows` rows, which all leaves have given, end with the same entry: none goes on with them.
    pub fn end_together(&self, rows: u64) -> bool {
        let goes_on = |entries: &VecDeque<u16>| entries.front().is_some_and(|entry| entry >> 1 > 0);
        self.rows > rows || !self.ahead.iter().any(|(_, entries)| goes_on(entries))
    }

    /// Bytes that are held of leaves that are ahead of others.
    pub fn held(&self) -> usize {
        self.ahead.iter().map(|(_, entries)| 2 * entries.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use parquet::schema::parser::parse_message_type;

    use super::*;

    #[test]
    fn maps_are_found_with_their_leaves_and_levels() {
        let schema = parse_message_type(
            "message m {
                required int32 id;
                optional group a (MAP) { repeated group key_value {
                    required binary key; optional group value (LIST) { repeated group list { optional int32 element; } } } }
                required group b (MAP) { repeated group map (MAP_KEY_VALUE) { required int32 key; required int32 value; } }
            }",
        )
        .unwrap();
        let expected = [MapLeaves { first: 1, end: 3, rep: 1, def: 2 }, MapLeaves { first: 3, end: 5, rep: 1, def: 1 }];
        assert_eq!(maps_of(&schema), expected);
    }

    #[test]
    fn a_map_of_single_values_is_none() {
        let is_whole = |map: &str| {
            let schema = parse_message_type(&format!("message m {{ optional group s {{ {map} }} }}")).unwrap();
            have_entries(&schema)
        };
        assert!(is_whole("required group m (MAP) { repeated group map (MAP_KEY_VALUE) { required int32 key; } }"));
        assert!(is_whole("required group l (LIST) { repeated int32 array; }"));
        assert!(!is_whole("required group m (MAP) { repeated int32 array; }"));
        assert!(!is_whole("optional group m (MAP_KEY_VALUE) { repeated int32 array; }"));
    }

    #[test]
    fn entries_are_compared_as_far_as_both_are_known() {
        let mut entries = MapEntries::new(MapLeaves { first: 1, end: 3, rep: 1, def: 2 }, &[0, 1, 2]);
        assert!(!entries.has(0) && entries.has(1) && entries.has(2));
        // Three rows: two entries, none, one.
        entries.add(1, &[0, 1, 0, 0], &[2, 2, 1, 2]).unwrap();
        assert_eq!(entries.held(), 8);
        // Values are lists: what repeats inside of them does not count.
        entries.add(2, &[0, 2, 1], &[4, 4, 3]).unwrap();
        assert_eq!(entries.held(), 4);
        entries.add(2, &[0, 0], &[1, 3]).unwrap();
        assert_eq!(entries.held(), 0);
        entries.add(1, &[0, 1], &[2, 2]).unwrap();
        assert!(entries.add(2, &[0, 0], &[3, 3]).is_err());
    }

    #[test]
    fn an_entry_more_in_the_last_row_is_found() {
        let mut entries = MapEntries::new(MapLeaves { first: 1, end: 3, rep: 1, def: 2 }, &[1, 2]);
        // Two rows; the second goes on in the one leaf.
        entries.add(1, &[0, 0], &[2, 2]).unwrap();
        entries.add(2, &[0, 0, 1], &[2, 2, 2]).unwrap();
        assert!(entries.end_together(1) && !entries.end_together(2));
        entries.add(1, &[1, 0], &[2, 2]).unwrap();
        assert!(entries.end_together(2));
    }
}
