//! What arrow-ipc takes on trust in a schema: types that no array can have, and that stop it where one is made.

use std::sync::Arc;

use arrow_ipc::{Endianness, Field, Schema, Type};
use arrow_schema::{DataType, FieldRef};

use super::bad;
use crate::error::{EngineError, Result};

pub fn check(schema: &Schema<'_>) -> Result<()> {
    if schema.endianness() != Endianness::Little {
        let text = "Arrow IPC: the numbers are big-endian; write the data on, or for, a little-endian machine";
        return Err(EngineError::unsupported(text));
    }
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

/// The same types, where a time zone without a name is none, as the format says.
pub fn without_empty_zones(data_type: &DataType) -> DataType {
    let of = |f: &FieldRef| Arc::new(f.as_ref().clone().with_data_type(without_empty_zones(f.data_type())));
    match data_type {
        DataType::Timestamp(unit, Some(zone)) if zone.is_empty() => DataType::Timestamp(*unit, None),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(of).collect()),
        DataType::List(f) => DataType::List(of(f)),
        DataType::LargeList(f) => DataType::LargeList(of(f)),
        DataType::ListView(f) => DataType::ListView(of(f)),
        DataType::LargeListView(f) => DataType::LargeListView(of(f)),
        DataType::FixedSizeList(f, size) => DataType::FixedSizeList(of(f), *size),
        DataType::Map(f, sorted) => DataType::Map(of(f), *sorted),
        DataType::RunEndEncoded(ends, f) => DataType::RunEndEncoded(ends.clone(), of(f)),
        DataType::Dictionary(index, values) => {
            DataType::Dictionary(index.clone(), Box::new(without_empty_zones(values)))
        }
        other => other.clone(),
    }
}
