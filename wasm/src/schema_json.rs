//! Arrow schemas as the JSON of `src/engine/arrow-schema.ts`, both ways.
//!
//! The JSON leaves out what no caller needs: index types of dictionaries, run-end types, metadata other than the
//! field id and the extension's name. Back from JSON, a dictionary has 32-bit indices.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields, IntervalUnit, Schema, TimeUnit};
use serde_json::{Value, json};

use crate::error::{EngineError, Result};

/// Arrow field metadata that holds the Parquet (and Iceberg) field id.
pub const FIELD_ID: &str = "PARQUET:field_id";
/// Arrow field metadata that holds an extension type's name.
pub const EXTENSION: &str = "ARROW:extension:name";

pub fn field_id(field: &Field) -> Option<i32> {
    field.metadata().get(FIELD_ID)?.parse().ok()
}

pub fn extension(field: &Field) -> Option<&str> {
    field.metadata().get(EXTENSION).map(String::as_str)
}

/// Types in types; deeper ones have no JSON, which is read back by calls in calls.
pub const MAX_NESTING: usize = 32;

pub fn schema_to_json(schema: &Schema) -> Result<Value> {
    for field in schema.fields() {
        if nesting(field.data_type(), MAX_NESTING) > MAX_NESTING {
            let name = field.name();
            let text =
                format!("column {name}: its type is nested more than {MAX_NESTING} levels deep; hold it as text");
            return Err(EngineError::unsupported(text).at_column(name));
        }
    }
    Ok(json!({ "fields": fields_to_json(schema.fields()) }))
}

/// How many levels of types are inside of a type; of those beyond `most`, one.
fn nesting(data_type: &DataType, most: usize) -> usize {
    let inside: Vec<&DataType> = match data_type {
        DataType::List(f)
        | DataType::LargeList(f)
        | DataType::ListView(f)
        | DataType::LargeListView(f)
        | DataType::FixedSizeList(f, _)
        | DataType::RunEndEncoded(_, f) => vec![f.data_type()],
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => fields.iter().map(|f| f.data_type()).collect(),
            _ => Vec::new(),
        },
        DataType::Struct(fields) => fields.iter().map(|f| f.data_type()).collect(),
        DataType::Dictionary(_, value) => vec![value],
        _ => return 0,
    };
    match most.checked_sub(1) {
        Some(most) => 1 + inside.into_iter().map(|inside| nesting(inside, most)).max().unwrap_or(0),
        None => 1,
    }
}

fn fields_to_json(fields: &Fields) -> Value {
    fields.iter().map(|f| field_to_json(f)).collect()
}

pub fn field_to_json(field: &Field) -> Value {
    let mut json = json!({
        "name": field.name(),
        "nullable": field.is_nullable(),
        "type": type_to_json(field.data_type()),
    });
    if let Some(id) = field_id(field) {
        json["fieldId"] = id.into();
    }
    if let Some(name) = extension(field) {
        json["extension"] = name.into();
    }
    json
}

/// A unit as the JSON names it, and messages.
pub fn unit_name(unit: &TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

fn decimal(bit_width: u16, precision: u8, scale: i8) -> Value {
    json!({ "kind": "decimal", "bitWidth": bit_width, "precision": precision, "scale": scale })
}

fn list(layout: &str, element: &Field) -> Value {
    json!({ "kind": "list", "layout": layout, "element": field_to_json(element) })
}

pub fn type_to_json(data_type: &DataType) -> Value {
    let int = |bits: u8, signed: bool| json!({ "kind": "int", "bitWidth": bits, "signed": signed });
    let float = |bits: u8| json!({ "kind": "float", "bitWidth": bits });
    let bytes = |kind: &str, layout: &str| json!({ "kind": kind, "layout": layout });
    match data_type {
        DataType::Null => json!({ "kind": "null" }),
        DataType::Boolean => json!({ "kind": "bool" }),
        DataType::Int8 => int(8, true),
        DataType::Int16 => int(16, true),
        DataType::Int32 => int(32, true),
        DataType::Int64 => int(64, true),
        DataType::UInt8 => int(8, false),
        DataType::UInt16 => int(16, false),
        DataType::UInt32 => int(32, false),
        DataType::UInt64 => int(64, false),
        DataType::Float16 => float(16),
        DataType::Float32 => float(32),
        DataType::Float64 => float(64),
        DataType::Decimal32(p, s) => decimal(32, *p, *s),
        DataType::Decimal64(p, s) => decimal(64, *p, *s),
        DataType::Decimal128(p, s) => decimal(128, *p, *s),
        DataType::Decimal256(p, s) => decimal(256, *p, *s),
        DataType::Date32 => json!({ "kind": "date", "unit": "day" }),
        DataType::Date64 => json!({ "kind": "date", "unit": "ms" }),
        DataType::Time32(u) | DataType::Time64(u) => json!({ "kind": "time", "unit": unit_name(u) }),
        DataType::Timestamp(u, tz) => json!({ "kind": "timestamp", "unit": unit_name(u), "timezone": tz.as_deref() }),
        DataType::Duration(u) => json!({ "kind": "duration", "unit": unit_name(u) }),
        DataType::Interval(u) => json!({ "kind": "interval", "unit": match u {
            IntervalUnit::YearMonth => "year_month",
            IntervalUnit::DayTime => "day_time",
            IntervalUnit::MonthDayNano => "month_day_nano",
        } }),
        DataType::Utf8 => bytes("utf8", "offset32"),
        DataType::LargeUtf8 => bytes("utf8", "offset64"),
        DataType::Utf8View => bytes("utf8", "view"),
        DataType::Binary => bytes("binary", "offset32"),
        DataType::LargeBinary => bytes("binary", "offset64"),
        DataType::BinaryView => bytes("binary", "view"),
        DataType::FixedSizeBinary(n) => json!({ "kind": "fixed_size_binary", "byteWidth": n }),
        DataType::List(f) => list("offset32", f),
        DataType::LargeList(f) => list("offset64", f),
        DataType::ListView(f) => list("view32", f),
        DataType::LargeListView(f) => list("view64", f),
        DataType::FixedSizeList(f, n) => json!({ "kind": "fixed_size_list", "length": n, "element": field_to_json(f) }),
        DataType::Struct(fields) => json!({ "kind": "struct", "fields": fields_to_json(fields) }),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(f) if f.len() == 2 => {
                json!({ "kind": "map", "key": field_to_json(&f[0]), "value": field_to_json(&f[1]) })
            }
            _ => json!({ "kind": "union" }),
        },
        DataType::Dictionary(_, value) => json!({ "kind": "dictionary", "value": type_to_json(value) }),
        DataType::RunEndEncoded(_, values) => {
            json!({ "kind": "run_end_encoded", "value": type_to_json(values.data_type()) })
        }
        DataType::Union(_, _) => json!({ "kind": "union" }),
    }
}

fn bad(what: &str, json: &Value) -> EngineError {
    let mut text = json.to_string();
    text.truncate(text.char_indices().nth(200).map_or(text.len(), |(i, _)| i));
    EngineError::invalid_argument(format!("not an Arrow schema: {what} in {text}"))
}

pub fn schema_from_json(json: &Value) -> Result<Schema> {
    Ok(Schema::new(fields_from_json(&json["fields"])?))
}

fn fields_from_json(json: &Value) -> Result<Vec<Field>> {
    let fields = json.as_array().ok_or_else(|| bad("no list of fields", json))?;
    fields.iter().map(field_from_json).collect()
}

pub fn field_from_json(json: &Value) -> Result<Field> {
    let name = json["name"].as_str().ok_or_else(|| bad("no name", json))?;
    let nullable = json["nullable"].as_bool().ok_or_else(|| bad("no nullable", json))?;
    let mut metadata = HashMap::new();
    if let Some(id) = json["fieldId"].as_i64() {
        metadata.insert(FIELD_ID.to_string(), id.to_string());
    }
    if let Some(extension) = json["extension"].as_str() {
        metadata.insert(EXTENSION.to_string(), extension.to_string());
    }
    Ok(Field::new(name, type_from_json(&json["type"])?, nullable).with_metadata(metadata))
}

fn child(json: &Value) -> Result<FieldRef> {
    field_from_json(json).map(Arc::new)
}

pub fn type_from_json(json: &Value) -> Result<DataType> {
    let number = |key: &str| json[key].as_i64().ok_or_else(|| bad(key, json));
    let unit = || match json["unit"].as_str() {
        Some("s") => Ok(TimeUnit::Second),
        Some("ms") => Ok(TimeUnit::Millisecond),
        Some("us") => Ok(TimeUnit::Microsecond),
        Some("ns") => Ok(TimeUnit::Nanosecond),
        _ => Err(bad("unit", json)),
    };
    let layout = json["layout"].as_str().unwrap_or_default();
    Ok(match json["kind"].as_str().unwrap_or_default() {
        "null" => DataType::Null,
        "bool" => DataType::Boolean,
        "int" => match (number("bitWidth")?, json["signed"].as_bool()) {
            (8, Some(true)) => DataType::Int8,
            (16, Some(true)) => DataType::Int16,
            (32, Some(true)) => DataType::Int32,
            (64, Some(true)) => DataType::Int64,
            (8, Some(false)) => DataType::UInt8,
            (16, Some(false)) => DataType::UInt16,
            (32, Some(false)) => DataType::UInt32,
            (64, Some(false)) => DataType::UInt64,
            _ => return Err(bad("int", json)),
        },
        "float" => match number("bitWidth")? {
            16 => DataType::Float16,
            32 => DataType::Float32,
            64 => DataType::Float64,
            _ => return Err(bad("float", json)),
        },
        "decimal" => {
            let precision = u8::try_from(number("precision")?).map_err(|_| bad("precision", json))?;
            let scale = i8::try_from(number("scale")?).map_err(|_| bad("scale", json))?;
            match number("bitWidth")? {
                32 if precision <= 9 => DataType::Decimal32(precision, scale),
                64 if precision <= 18 => DataType::Decimal64(precision, scale),
                128 if precision <= 38 => DataType::Decimal128(precision, scale),
                256 if precision <= 76 => DataType::Decimal256(precision, scale),
                _ => return Err(bad("decimal", json)),
            }
        }
        "date" => match json["unit"].as_str() {
            Some("day") => DataType::Date32,
            Some("ms") => DataType::Date64,
            _ => return Err(bad("unit", json)),
        },
        "time" => match unit()? {
            u @ (TimeUnit::Second | TimeUnit::Millisecond) => DataType::Time32(u),
            u => DataType::Time64(u),
        },
        "timestamp" => DataType::Timestamp(unit()?, json["timezone"].as_str().map(Arc::from)),
        "duration" => DataType::Duration(unit()?),
        "interval" => DataType::Interval(match json["unit"].as_str() {
            Some("year_month") => IntervalUnit::YearMonth,
            Some("day_time") => IntervalUnit::DayTime,
            Some("month_day_nano") => IntervalUnit::MonthDayNano,
            _ => return Err(bad("unit", json)),
        }),
        "utf8" => match layout {
            "offset32" => DataType::Utf8,
            "offset64" => DataType::LargeUtf8,
            "view" => DataType::Utf8View,
            _ => return Err(bad("layout", json)),
        },
        "binary" => match layout {
            "offset32" => DataType::Binary,
            "offset64" => DataType::LargeBinary,
            "view" => DataType::BinaryView,
            _ => return Err(bad("layout", json)),
        },
        "fixed_size_binary" => match i32::try_from(number("byteWidth")?) {
            Ok(n) if n >= 0 => DataType::FixedSizeBinary(n),
            _ => return Err(bad("byteWidth", json)),
        },
        "list" => {
            let element = child(&json["element"])?;
            match layout {
                "offset32" => DataType::List(element),
                "offset64" => DataType::LargeList(element),
                "view32" => DataType::ListView(element),
                "view64" => DataType::LargeListView(element),
                _ => return Err(bad("layout", json)),
            }
        }
        "fixed_size_list" => match i32::try_from(number("length")?) {
            Ok(n) if n >= 0 => DataType::FixedSizeList(child(&json["element"])?, n),
            _ => return Err(bad("length", json)),
        },
        "struct" => DataType::Struct(fields_from_json(&json["fields"])?.into()),
        "map" => {
            let entries = DataType::Struct(vec![child(&json["key"])?, child(&json["value"])?].into());
            DataType::Map(Arc::new(Field::new("key_value", entries, false)), false)
        }
        "dictionary" => DataType::Dictionary(Box::new(DataType::Int32), Box::new(type_from_json(&json["value"])?)),
        "run_end_encoded" => DataType::RunEndEncoded(
            Arc::new(Field::new("run_ends", DataType::Int32, false)),
            Arc::new(Field::new("values", type_from_json(&json["value"])?, true)),
        ),
        kind => return Err(bad(if kind.is_empty() { "kind" } else { kind }, json)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_of_every_type_gives_the_same_json_back() {
        let mut types = vec![
            DataType::Null,
            DataType::Boolean,
            DataType::UInt64,
            DataType::Float16,
            DataType::Decimal128(38, 9),
            DataType::Decimal256(76, -3),
            DataType::Date32,
            DataType::Date64,
            DataType::Time32(TimeUnit::Second),
            DataType::Time64(TimeUnit::Nanosecond),
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            DataType::Timestamp(TimeUnit::Millisecond, None),
            DataType::Duration(TimeUnit::Nanosecond),
            DataType::Interval(IntervalUnit::MonthDayNano),
            DataType::LargeUtf8,
            DataType::BinaryView,
            DataType::FixedSizeBinary(16),
        ];
        let item = Arc::new(Field::new("element", DataType::Int32, true));
        types.push(DataType::LargeListView(item.clone()));
        types.push(DataType::FixedSizeList(item.clone(), 3));
        types.push(DataType::Struct(vec![item].into()));
        types.push(DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)));
        for data_type in types {
            let field = Field::new("x", data_type, true).with_metadata([(FIELD_ID.to_string(), "7".to_string())]);
            let back = field_from_json(&field_to_json(&field)).unwrap();
            assert_eq!(back, field);
        }
    }

    #[test]
    fn a_name_may_be_anything() {
        let field = Field::new("__proto__ \"\\\u{1F600}", DataType::Int32, false);
        let text = field_to_json(&field).to_string();
        assert_eq!(field_from_json(&serde_json::from_str(&text).unwrap()).unwrap(), field);
    }

    #[test]
    fn types_that_are_nested_too_deep_are_refused() {
        let nested = |levels: usize| {
            let list = |inside, _| DataType::List(Arc::new(Field::new("element", inside, true)));
            let object = |inside, _| DataType::Struct(vec![Field::new("x", inside, true)].into());
            [(0..levels).fold(DataType::Int32, list), (0..levels).fold(DataType::Int32, object)]
                .map(|data_type| schema_to_json(&Schema::new(vec![Field::new("deep", data_type, true)])))
        };
        for json in nested(MAX_NESTING) {
            // As the host gives it back, inside of a request.
            let request = json!({ "schema": json.unwrap(), "more": [] }).to_string();
            let back: Value = serde_json::from_str(&request).unwrap();
            assert!(schema_from_json(&back["schema"]).is_ok());
        }
        for json in [nested(MAX_NESTING + 1), nested(60)].into_iter().flatten() {
            let e = json.unwrap_err();
            assert_eq!((e.code, e.column.as_deref()), ("UNSUPPORTED", Some("deep")));
        }
    }

    #[test]
    fn a_bad_schema_is_an_error() {
        for text in
            ["{}", "{\"fields\":[{}]}", "{\"fields\":[{\"name\":\"a\",\"nullable\":true,\"type\":{\"kind\":\"x\"}}]}"]
        {
            let e = schema_from_json(&serde_json::from_str(text).unwrap()).unwrap_err();
            assert_eq!(e.code, "INVALID_ARGUMENT");
        }
    }
}
