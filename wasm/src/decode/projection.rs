//! Which leaves the columns are that a caller names.

use std::ops::Range;

use arrow_schema::{DataType, Field, FieldRef};

use crate::error::{EngineError, Result};

/// Names from the top on, through children of structs and elements of lists.
pub type ColumnPath = Vec<String>;

/// The leaves of the fields at these paths, ascending. A name may be that of several fields: all of them are meant.
pub fn leaves_of(fields: &[FieldRef], paths: &[ColumnPath]) -> Result<Vec<usize>> {
    let mut leaves: Vec<usize> = Vec::new();
    for path in paths {
        let before = leaves.len();
        find(fields, 0, path, path, &mut leaves)?;
        if leaves.len() == before {
            let name = path.join(".");
            return Err(EngineError::schema_mismatch(format!("the Parquet file has no column {name}")).at_column(name));
        }
    }
    leaves.sort_unstable();
    leaves.dedup();
    Ok(leaves)
}

fn find(
    fields: &[FieldRef],
    mut first: usize,
    rest: &[String],
    path: &[String],
    leaves: &mut Vec<usize>,
) -> Result<()> {
    let Some((name, rest)) = rest.split_first() else { return Ok(()) };
    for field in fields {
        let range = first..first + count(field.data_type());
        first = range.end;
        if field.name() == name {
            add(field, range, rest, path, leaves)?;
        }
    }
    Ok(())
}

fn add(field: &Field, range: Range<usize>, rest: &[String], path: &[String], leaves: &mut Vec<usize>) -> Result<()> {
    if rest.is_empty() {
        leaves.extend(range);
        return Ok(());
    }
    match field.data_type() {
        DataType::Map(..) => {
            let path = path.join(".");
            Err(EngineError::unsupported(format!("column {path}: of a map all is read or nothing")).at_column(path))
        }
        other => find(children(other), range.start, rest, path, leaves),
    }
}

fn children(data_type: &DataType) -> &[FieldRef] {
    match data_type {
        DataType::Struct(fields) => fields,
        DataType::List(child)
        | DataType::LargeList(child)
        | DataType::ListView(child)
        | DataType::LargeListView(child)
        | DataType::FixedSizeList(child, _)
        | DataType::Map(child, _) => std::slice::from_ref(child),
        _ => &[],
    }
}

/// Leaves of a type.
fn count(data_type: &DataType) -> usize {
    match data_type {
        nested if nested.is_nested() && !matches!(nested, DataType::RunEndEncoded(..)) => {
            children(nested).iter().map(|child| count(child.data_type())).sum()
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn field(name: &str, data_type: DataType) -> FieldRef {
        Arc::new(Field::new(name, data_type, true))
    }

    #[test]
    fn paths_lead_to_leaves_through_structs_and_lists() {
        let point = DataType::Struct(vec![field("x", DataType::Int32), field("y.z", DataType::Int32)].into());
        let entries = DataType::Struct(vec![field("key", DataType::Utf8), field("value", point.clone())].into());
        let fields = [
            field("a", DataType::Int64),
            field("s", point.clone()),
            field("l", DataType::List(field("element", point))),
            field("m", DataType::Map(field("entries", entries), false)),
            field("a", DataType::Utf8),
        ];
        let find = |paths: &[&[&str]]| {
            let paths: Vec<ColumnPath> =
                paths.iter().map(|path| path.iter().map(|name| name.to_string()).collect()).collect();
            leaves_of(&fields, &paths).map_err(|e| (e.code, e.column.unwrap()))
        };
        assert_eq!(find(&[&["a"]]).unwrap(), [0, 8]);
        assert_eq!(find(&[&["m"], &["l", "element", "y.z"], &["s", "x"]]).unwrap(), [1, 4, 5, 6, 7]);
        assert_eq!(find(&[&["s"], &["s", "x"], &["l", "element"]]).unwrap(), [1, 2, 3, 4]);
        assert_eq!(find(&[&["s", "y", "z"]]), Err(("SCHEMA_MISMATCH", "s.y.z".into())));
        assert_eq!(find(&[&["a", "b"]]), Err(("SCHEMA_MISMATCH", "a.b".into())));
        assert_eq!(find(&[&["m", "entries", "key"]]), Err(("UNSUPPORTED", "m.entries.key".into())));
        assert!(find(&[&[]]).is_err());
    }
}
