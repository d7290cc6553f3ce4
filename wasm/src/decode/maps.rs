//! Maps, whose key and value columns must have the same entries: the decoder takes that for granted.

use parquet::basic::{ConvertedType, Encoding, LogicalType, Repetition};
use parquet::column::page::{Page, PageReader};
use parquet::errors::Result;
use parquet::schema::types::Type;

use super::page_check::{after_levels, bad};
use super::runs::runs;

/// A map's leaves, and the levels at which an entry of it begins.
#[derive(Debug, PartialEq)]
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
    let info = field.get_basic_info();
    let repetition = if info.has_repetition() { info.repetition() } else { Repetition::REQUIRED };
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
    // MAP_KEY_VALUE also stands on the repeated group inside of a map that old writers wrote.
    let is_map = repetition != Repetition::REPEATED && (matches!(info.logical_type_ref(), Some(LogicalType::Map))
        || matches!(info.converted_type(), ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE));
    if is_map {
        found.push(MapLeaves { first, end: *leaf, rep: rep + 1, def: def + 1 });
    }
}

impl MapLeaves {
    /// A number that is the same for leaves with the same entries at the same places.
    pub fn entries(&self, pages: &mut dyn PageReader, max_rep: i16, max_def: i16) -> Result<u64> {
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        while let Some(page) = pages.get_next_page()? {
            let (reps, defs) = levels_of(&page, max_rep, max_def)?;
            // Levels below the map's own entries belong to what is inside a value.
            for (rep, def) in reps.into_iter().zip(defs).filter(|(rep, _)| *rep <= self.rep) {
                let entry = u64::from(def >= self.def) << 8 | rep as u64;
                hash = (hash ^ entry).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        Ok(hash)
    }
}

fn levels_of(page: &Page, max_rep: i16, max_def: i16) -> Result<(Vec<i16>, Vec<i16>)> {
    match page {
        Page::DictionaryPage { .. } => Ok((Vec::new(), Vec::new())),
        Page::DataPage { buf, num_values, def_level_encoding, rep_level_encoding, .. } => {
            let count = *num_values as usize;
            let after = after_levels(buf, max_rep, *rep_level_encoding, count)?;
            let reps = v1(&buf[..buf.len() - after.len()], max_rep, *rep_level_encoding, count)?;
            let rest = after_levels(after, max_def, *def_level_encoding, count)?;
            let defs = v1(&after[..after.len() - rest.len()], max_def, *def_level_encoding, count)?;
            Ok((reps, defs))
        }
        Page::DataPageV2 { buf, num_values, rep_levels_byte_len, def_levels_byte_len, .. } => {
            let (reps, defs) = (*rep_levels_byte_len as usize, *def_levels_byte_len as usize);
            let short = || bad("a page is shorter than its levels".into());
            let count = *num_values as usize;
            let rep_bytes = buf.get(..reps).ok_or_else(short)?;
            let def_bytes = buf.get(reps..reps.saturating_add(defs)).ok_or_else(short)?;
            Ok((hybrid(rep_bytes, max_rep, count)?, hybrid(def_bytes, max_def, count)?))
        }
    }
}

#[allow(deprecated)]
fn v1(bytes: &[u8], max_level: i16, encoding: Encoding, count: usize) -> Result<Vec<i16>> {
    if encoding == Encoding::BIT_PACKED {
        // Packed from the most significant bit: only files older than the format's first release have it.
        return Err(bad("a map with bit-packed levels".into()));
    }
    hybrid(bytes.get(4..).unwrap_or_default(), max_level, count)
}

fn hybrid(bytes: &[u8], max_level: i16, count: usize) -> Result<Vec<i16>> {
    let mut levels = Vec::new();
    let width = (u64::BITS - (max_level as u64).leading_zeros()) as usize;
    runs(bytes, width, count, |level, times| {
        if level > max_level as u64 {
            return Err(bad(format!("a level of {level} where {max_level} is the highest")));
        }
        levels.try_reserve(times).map_err(|_| bad(format!("a page claims {count} levels")))?;
        levels.resize(levels.len() + times, level as i16);
        Ok(())
    })?;
    if levels.len() < count {
        return Err(bad(format!("a page of {count} values has {} levels", levels.len())));
    }
    Ok(levels)
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
    fn levels_are_unpacked_or_refused() {
        assert_eq!(hybrid(&[6, 1, 3, 0b1010_0101], 1, 11).unwrap(), [1, 1, 1, 1, 0, 1, 0, 0, 1, 0, 1]);
        assert!(hybrid(&[6, 1], 1, 4).is_err());
        assert!(hybrid(&[6, 3], 2, 3).is_err());
    }
}
