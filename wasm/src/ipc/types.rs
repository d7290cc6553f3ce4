//! What arrow-ipc takes on trust in a schema: types that no array can have, and that stop it where one is made.

use arrow_ipc::{Field, Schema, Type};

use super::bad;
use crate::error::{EngineError, Result};

pub fn check(schema: &Schema<'_>) -> Result<()> {
    let mut fields = schema.fields().into_iter().flatten();
    fields.try_for_each(|field| {
        check_field(&field).map_err(|e| match field.name() {
            Some(name) => e.at_column(name),
            None => e,
        })
    })
}

fn check_field(field: &Field<'_>) -> Result<()> {
    let children = field.children();
    match field.type_type() {
        Type::FixedSizeBinary if field.type_as_fixed_size_binary().is_some_and(|t| t.byteWidth() < 0) => {
            return Err(bad("binary values of a negative size"));
        }
        Type::FixedSizeList if field.type_as_fixed_size_list().is_some_and(|t| t.listSize() < 0) => {
            return Err(bad("lists of a negative size"));
        }
        Type::RunEndEncoded => {
            let ends = children.into_iter().flatten().next().filter(|ends| ends.dictionary().is_none());
            let ends = ends.and_then(|ends| ends.type_as_int());
            if !ends.is_some_and(|t| t.is_signed() && [16, 32, 64].contains(&t.bitWidth())) {
                return Err(bad("run ends that are no integers of 16, 32 or 64 bits"));
            }
        }
        Type::Union => {
            let ids = field.type_as_union().and_then(|union| union.typeIds());
            if children.is_some_and(|c| c.len() > 128) {
                return Err(EngineError::unsupported("Arrow IPC: a union of more than 128 types"));
            }
            if ids.into_iter().flatten().any(|id| !(0..=i32::from(i8::MAX)).contains(&id)) {
                return Err(bad("a type number of a union that is not of 0 to 127"));
            }
        }
        _ => {}
    }
    children.into_iter().flatten().try_for_each(|child| check_field(&child))
}
