//! Columns that hold one value in all rows, where the source does not have them: what a file's path says, defaults.

use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, FieldRef, Fields};

use super::fault::Failure;
use super::spread::{require_room, spread};
use crate::error::{EngineError, Result};
use crate::text::column::Column;

/// Values by the names on the way to a target field; None is null.
#[derive(Debug, Default)]
pub struct Constants(Vec<(Vec<String>, Option<String>)>);

/// One value, as an array of it.
#[derive(Debug, Clone)]
pub struct Constant(ArrayRef);

impl PartialEq for Constant {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_data() == other.0.to_data()
    }
}

impl Constant {
    pub fn repeat(&self, rows: usize) -> std::result::Result<ArrayRef, Failure> {
        require_room(rows as u64 * size_of::<u32>() as u64, rows)?;
        spread(&self.0, vec![0; rows], None)
    }
}

impl Constants {
    /// Every path must lead to a field of the target, or a name that is misspelt would be passed over.
    pub fn new(values: Vec<(Vec<String>, Option<String>)>, target: &Fields) -> Result<Self> {
        match values.iter().find(|(path, _)| !leads_to_field(path, target)) {
            None => Ok(Self(values)),
            Some((path, _)) => {
                let column = path.join(".");
                let text = format!("column \"{column}\" has a constant, and the target has no such column");
                Err(EngineError::invalid_argument(text).at_column(column))
            }
        }
    }

    /// The value of a field that the source does not have; None: it has none but null.
    pub fn value(&self, field: &FieldRef, path: &[&str]) -> Result<Option<Constant>> {
        let Some((_, Some(text))) = self.0.iter().find(|(at, _)| at == path) else { return Ok(None) };
        let column = path.join(".");
        if field.data_type().is_nested() {
            let text = format!("column \"{column}\": a nested column cannot be filled with one value; give the column");
            return Err(EngineError::unsupported(text).at_column(column));
        }
        let mut values = Column::new(field)?;
        values
            .push_text(text)
            .map_err(|reason| EngineError::invalid_value(format!("column \"{column}\": {reason}")).at_column(column))?;
        Ok(Some(Constant(values.finish()?)))
    }
}

fn leads_to_field(path: &[String], fields: &Fields) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    fields.iter().any(|field| field.name() == first && (rest.is_empty() || leads_on(rest, field.data_type())))
}

fn leads_on(path: &[String], data_type: &DataType) -> bool {
    let into = |field: &FieldRef, rest: &[String]| rest.is_empty() || leads_on(rest, field.data_type());
    match data_type {
        DataType::Struct(fields) => leads_to_field(path, fields),
        DataType::List(element) => path[0] == "element" && into(element, &path[1..]),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) if pair.len() == 2 => match path[0].as_str() {
                "key" => into(&pair[0], &path[1..]),
                "value" => into(&pair[1], &path[1..]),
                _ => false,
            },
            _ => false,
        },
        _ => false,
    }
}
