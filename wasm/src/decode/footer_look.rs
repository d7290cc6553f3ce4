//! What must be known of a footer's bytes before they are parsed: whether columns are encrypted, which the parser passes
//! over, and how deep the schema is nested, which it follows call by call.

use super::thrift::{Cursor, I32, LIST, STRUCT};
use crate::error::{EngineError, Result};

/// Groups in groups. Types take up to three a level, and are refused when they are nested deeper than
/// `schema_json::MAX_NESTING`.
const MAX_GROUPS: usize = 128;

/// What is no footer is left for the parser to tell.
pub fn look(footer: &[u8]) -> Result<()> {
    let mut cursor = Cursor::new(footer);
    let mut id = 0;
    while let Some(Some(kind)) = cursor.field(&mut id) {
        let read = match (id, kind) {
            // schema
            (2, LIST) => groups(&mut cursor),
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
            None => break,
        }
    }
    Ok(())
}

/// How many groups of the schema are open at once; no more are counted than are too many.
fn groups(cursor: &mut Cursor) -> Option<usize> {
    let (_, elements) = cursor.list()?;
    let (mut open, mut most) = (Vec::<i32>::new(), 0);
    for _ in 0..elements {
        while open.pop_if(|children| *children == 0).is_some() {}
        if let Some(children) = open.last_mut() {
            *children -= 1;
        }
        let children = children(cursor)?;
        if children > 0 && most <= MAX_GROUPS {
            open.push(children);
            most = most.max(open.len());
        }
    }
    Some(most)
}

/// num_children of a schema element.
fn children(cursor: &mut Cursor) -> Option<i32> {
    let (mut id, mut found) = (0, 0);
    while let Some(kind) = cursor.field(&mut id)? {
        match (id, kind) {
            (5, I32) => found = cursor.int()?,
            (_, kind) => cursor.skip(kind, 0)?,
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
    fn what_is_cut_off_is_left_to_the_parser() {
        let whole = footer(20);
        assert!((0..whole.len()).all(|length| look(&whole[..length]).is_ok()));
    }
}
