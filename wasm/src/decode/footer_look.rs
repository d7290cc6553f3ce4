//! What must be known of a footer's bytes before they are parsed: whether columns are encrypted and whether the types of
//! column chunks are those of the schema, which the parser passes over, and how deep the schema is nested, which it
//! follows call by call.

use super::thrift::{BINARY, Cursor, I16, I32, I64, LIST, STRUCT};
use crate::error::{EngineError, Result};

/// Groups in groups. Types take up to three a level, and are refused when they are nested deeper than
/// `schema_json::MAX_NESTING`.
const MAX_GROUPS: usize = 128;

// The types of the fields from 1 on, which the parser does not look at: it would take a number for the length of a list.
const FILE: &[u8] = &[I32, LIST, I64, LIST, LIST, BINARY, LIST, STRUCT, BINARY];
const SCHEMA_ELEMENT: &[u8] = &[I32, I32, I32, BINARY, I32, I32, I32, I32, I32, STRUCT];
const ROW_GROUP: &[u8] = &[LIST, I64, I64, LIST, I64, I64, I16];
const COLUMN_CHUNK: &[u8] = &[BINARY, I64, STRUCT, I64, I32, I64, I32, STRUCT, BINARY];
const COLUMN: &[u8] =
    &[I32, LIST, LIST, I32, I64, I64, I64, LIST, I64, I64, I64, STRUCT, LIST, I64, I32, STRUCT, STRUCT];

/// The row group and the column in it of a column chunk.
pub type ChunkPlace = (usize, usize);

/// Answers where a column chunk has another type than its column, if one has. A footer that ends between two fields is left
/// for the parser to tell.
pub fn look(footer: &[u8]) -> Result<Option<ChunkPlace>> {
    let mut cursor = Cursor::new(footer);
    let mut id = 0;
    let (mut types, mut other) = (Vec::new(), None);
    while let Some(Some(kind)) = cursor.field(&mut id) {
        let read = match (id, kind) {
            _ if !is_of(FILE, id, kind) => None,
            // schema
            (2, LIST) => groups(&mut cursor, &mut types),
            // row_groups
            (4, LIST) => of_other_type(&mut cursor, &types).map(|found| {
                other = found;
                0
            }),
            // encryption_algorithm, of files whose footer is not encrypted.
            (8, STRUCT) => {
                return Err(EngineError::unsupported("columns of the Parquet file are encrypted; decrypt it first"));
            }
            (_, kind) => cursor.skip(kind, 0).map(|()| 0),
        };
        match read {
            Some(groups) if groups > MAX_GROUPS => {
                return Err(EngineError::unsupported(format!(
                    "the schema is nested more than {MAX_GROUPS} groups deep"
                )));
            }
            Some(_) => {}
            // The parser would make room for what a list claims to hold, or count it.
            None => return Err(EngineError::corrupt(format!("the footer breaks off or is damaged in its field {id}"))),
        }
    }
    Ok(other)
}

/// Whether a field is of its type; later versions of the format may have more fields.
fn is_of(kinds: &[u8], id: i16, kind: u8) -> bool {
    let at = usize::try_from(id).ok().and_then(|id| id.checked_sub(1));
    at.and_then(|at| kinds.get(at)).is_none_or(|known| *known == kind)
}

/// The next field's type, of a struct whose fields have these types (Some(None): it ends).
fn field(cursor: &mut Cursor, kinds: &[u8], id: &mut i16) -> Option<Option<u8>> {
    let kind = cursor.field(id)?;
    kind.is_none_or(|kind| is_of(kinds, *id, kind)).then_some(kind)
}

/// How many groups of the schema are open at once; no more are counted than are too many. The leaves' types go to `types`.
fn groups(cursor: &mut Cursor, types: &mut Vec<i32>) -> Option<usize> {
    let (_, elements) = cursor.list()?;
    let (mut open, mut most) = (Vec::<i32>::new(), 0);
    for _ in 0..elements {
        while open.pop_if(|children| *children == 0).is_some() {}
        if let Some(children) = open.last_mut() {
            *children -= 1;
        }
        let [kind, children] = ints(cursor, SCHEMA_ELEMENT, [1, 5])?;
        let children = children.unwrap_or(0);
        if children > elements as i32 {
            return None;
        }
        types.extend(kind.filter(|_| children == 0));
        if children > 0 && most <= MAX_GROUPS {
            open.push(children);
            most = most.max(open.len());
        }
    }
    Some(most)
}

fn of_other_type(cursor: &mut Cursor, types: &[i32]) -> Option<Option<ChunkPlace>> {
    let (mut group, mut found) = (0, None);
    cursor.list_of(STRUCT, |cursor| {
        let mut id = 0;
        while let Some(kind) = field(cursor, ROW_GROUP, &mut id)? {
            // columns
            if (id, kind) == (1, LIST) {
                let mut column = 0;
                cursor.list_of(STRUCT, |cursor| {
                    if chunk_type(cursor)?.is_some_and(|found| types.get(column).is_some_and(|kind| *kind != found)) {
                        found.get_or_insert((group, column));
                    }
                    column += 1;
                    Some(())
                })?;
            } else {
                cursor.skip(kind, 0)?;
            }
        }
        group += 1;
        Some(())
    })?;
    Some(found)
}

/// The type in the metadata of a column chunk.
fn chunk_type(cursor: &mut Cursor) -> Option<Option<i32>> {
    let (mut id, mut found) = (0, None);
    while let Some(kind) = field(cursor, COLUMN_CHUNK, &mut id)? {
        // meta_data
        if (id, kind) == (3, STRUCT) {
            [found] = ints(cursor, COLUMN, [1])?;
        } else {
            cursor.skip(kind, 0)?;
        }
    }
    Some(found)
}

/// These fields, which are ints, of the struct here, whose fields have these types.
fn ints<const N: usize>(cursor: &mut Cursor, kinds: &[u8], ids: [i16; N]) -> Option<[Option<i32>; N]> {
    let (mut id, mut found) = (0, [None; N]);
    while let Some(kind) = field(cursor, kinds, &mut id)? {
        match ids.iter().position(|wanted| (*wanted, kind) == (id, I32)) {
            Some(at) => found[at] = Some(cursor.int()?),
            None => cursor.skip(kind, 0)?,
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// version, a schema of `groups` with one child each and a leaf in the innermost, num_rows.
    fn footer(groups: u8) -> Vec<u8> {
        let element = |children: u8| [0x48, 1, b'x', 0x15, 2 * children, 0];
        let elements = (0..groups).flat_map(|_| element(1)).chain(element(0));
        let count = u32::from(groups) + 1;
        let mut bytes = vec![0x15, 2, 0x19, 0xfc, count as u8 | 0x80, (count >> 7) as u8];
        bytes.extend(elements);
        bytes.extend([0x16, 0]);
        bytes
    }

    #[test]
    fn a_schema_that_is_nested_too_deep_is_not_parsed() {
        assert!(look(&footer(128)).is_ok());
        assert_eq!(look(&footer(129)).unwrap_err().code, "UNSUPPORTED");
        assert_eq!(look(&footer(254)).unwrap_err().code, "UNSUPPORTED");
    }

    #[test]
    fn encrypted_columns_are_known_by_the_algorithm() {
        let plain = [&footer(1)[..], &[0]].concat();
        // Field 8: a union of algorithms.
        let encrypted = [&footer(1)[..], &[0x5c, 0x1c, 0, 0, 0]].concat();
        assert!(look(&plain).is_ok());
        assert_eq!(look(&encrypted).unwrap_err().code, "UNSUPPORTED");
    }

    #[test]
    fn what_is_cut_off_in_a_field_is_refused() {
        let whole = footer(20);
        assert!(look(&whole).is_ok());
        assert!((3..whole.len() - 2).all(|length| look(&whole[..length]).is_err()));
    }

    #[test]
    fn a_list_that_claims_more_than_the_footer_holds_is_refused() {
        // key_value_metadata of 2^31 - 1 pairs.
        let list = [&[0x15, 2, 0x49, 0xfc][..], &[0xff; 4], &[7, 0, 0]].concat();
        assert_eq!(look(&list).unwrap_err().code, "SOURCE_CORRUPT");
        // A schema element of 2^31 - 1 children.
        let element = [&[0x15, 2, 0x19, 0x1c, 0x48, 1, b'x', 0x15, 0xfe][..], &[0xff; 3], &[0x0f, 0, 0]].concat();
        assert_eq!(look(&element).unwrap_err().code, "SOURCE_CORRUPT");
        // The same as a number of 64 bits, and another where the row groups should be.
        for number in [&[0x15, 2, 0x19, 0x1c, 0x48, 1, b'x', 0x16, 0xfe][..], &[0x15, 2, 0x36, 0xfe]] {
            let number = [number, &[0xff; 3], &[0x0f, 0, 0]].concat();
            assert_eq!(look(&number).unwrap_err().code, "SOURCE_CORRUPT");
        }
        // The same in a column chunk: encodings.
        let chunk =
            [&[0x15, 2, 0x39, 0x1c, 0x19, 0x1c, 0x3c, 0x15, 0, 0x19, 0xf5][..], &[0xff; 4], &[7, 0, 0, 0]].concat();
        assert_eq!(look(&chunk).unwrap_err().code, "SOURCE_CORRUPT");
    }

    #[test]
    fn a_column_chunk_of_another_type_is_found() {
        // A root of two leaves, of types 1 and 2.
        let schema = [0x48, 1, b'x', 0x15, 4, 0, 0x15, 2, 0x38, 1, b'a', 0, 0x15, 4, 0x38, 1, b'b', 0];
        let group = |types: [u8; 2]| {
            [&[0x19, 0x2c][..], &types.map(|kind| [0x3c, 0x15, 2 * kind, 0, 0]).concat(), &[0]].concat()
        };
        let footer = |second| {
            [&[0x15, 2, 0x19, 0x3c][..], &schema, &[0x16, 0, 0x19, 0x2c], &group([1, 2]), &group(second), &[0]].concat()
        };
        assert_eq!(look(&footer([1, 2])).unwrap(), None);
        assert_eq!(look(&footer([1, 6])).unwrap(), Some((1, 1)));
        assert_eq!(look(&footer([2, 1])).unwrap(), Some((1, 0)));
    }
}
