//! Rows as they come and rows that are broken, against a reader that takes a row apart with `serde_json` and reads each
//! value the slow way.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::value::RawValue;

use super::json::JsonReader;
use super::json_fill::Unknown;
use super::rows::BatchSize;
use super::{number, parse};

/// Would be found in other rows, if names were looked for without their escapes.
const ODD_NAME: &str = "s\":1,\"i";

fn schema() -> Schema {
    let element = Arc::new(Field::new("element", DataType::Int64, true));
    Schema::new(vec![
        Field::new("i", DataType::Int64, true),
        Field::new("some_longer_name", DataType::Utf8, true),
        Field::new("d", DataType::Float64, true),
        Field::new("m", DataType::Decimal128(12, 2), true),
        Field::new("ts", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        Field::new("l", DataType::List(element), true),
        Field::new(ODD_NAME, DataType::Int64, false),
    ])
}

/// A value of a column; doubles by their bits.
#[derive(Debug, PartialEq)]
enum Cell {
    Null,
    Long(i64),
    Text(String),
    Double(u64),
    Decimal(i128),
    List(Vec<Option<i64>>),
}

/// None: the row is bad.
fn expected_cell(raw: &str, data_type: &DataType) -> Option<Cell> {
    // All of it, also what the raw value passes over.
    serde_json::from_str::<serde_json::Value>(raw).ok()?;
    if raw == "null" {
        return Some(Cell::Null);
    }
    let text = match raw.as_bytes()[0] {
        b'"' => serde_json::from_str::<String>(raw).ok()?,
        b'[' if matches!(data_type, DataType::List(_)) => {
            let element = |raw: &RawValue| match expected_cell(raw.get(), &DataType::Int64)? {
                Cell::Long(value) => Some(Some(value)),
                _ => Some(None),
            };
            let elements: Vec<Box<RawValue>> = serde_json::from_str(raw).ok()?;
            return Some(Cell::List(elements.iter().map(|raw| element(raw)).collect::<Option<_>>()?));
        }
        b'[' | b'{' if *data_type != DataType::Utf8 => return None,
        _ => raw.to_owned(),
    };
    let trimmed = text.trim_matches([' ', '\t']);
    match data_type {
        DataType::Int64 => number::slow_long(trimmed).ok().map(Cell::Long),
        DataType::Float64 => trimmed.parse().ok().filter(|v: &f64| v.is_finite()).map(|v| Cell::Double(v.to_bits())),
        DataType::Decimal128(..) => number::slow_decimal(trimmed, 12, 2).ok().map(Cell::Decimal),
        // A number counts microseconds.
        DataType::Timestamp(..) if raw.starts_with('"') => {
            parse::timestamp(trimmed, TimeUnit::Microsecond, true).ok().map(Cell::Long)
        }
        DataType::Timestamp(..) => number::slow_long(trimmed).ok().map(Cell::Long),
        DataType::Utf8 => Some(Cell::Text(text)),
        _ => None,
    }
}

fn expected_row(row: &[u8]) -> Option<Vec<Cell>> {
    serde_json::from_slice::<HashMap<String, Box<RawValue>>>(row).ok()?;
    let mut cells: HashMap<String, Cell> = HashMap::new();
    for (name, raw) in fields(row)? {
        let schema = schema();
        match schema.fields().iter().find(|field| *field.name() == name) {
            Some(field) => {
                // One that is given again counts no more, but must be right.
                let cell = expected_cell(raw.get(), field.data_type())?;
                required(field, &cell).then(|| cells.insert(name, cell))?;
            }
            // Passed over, when it is JSON.
            None => drop(serde_json::from_str::<serde_json::Value>(raw.get()).ok()?),
        }
    }
    let cell =
        |field: &Arc<Field>| cells.remove(field.name()).or(Some(Cell::Null)).filter(|cell| required(field, cell));
    schema().fields().iter().map(cell).collect()
}

fn required(field: &Field, cell: &Cell) -> bool {
    field.is_nullable() || *cell != Cell::Null
}

/// All fields of an object, also those that come twice.
fn fields(object: &[u8]) -> Option<Vec<(String, Box<RawValue>)>> {
    let mut rest = object.trim_ascii().strip_prefix(b"{")?;
    let mut next = |punctuation: &[u8]| {
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<Box<RawValue>>();
        let value = values.next()?.ok()?;
        let (found, after) = rest[values.byte_offset()..].trim_ascii_start().split_first()?;
        rest = after;
        punctuation.contains(found).then_some((value, *found))
    };
    let mut fields = Vec::new();
    while let Some((name, _)) = next(b":") {
        let (value, end) = next(b",}")?;
        fields.push((serde_json::from_str(name.get()).ok()?, value));
        if end == b'}' {
            break;
        }
    }
    Some(fields)
}

fn found_row(batch: &RecordBatch, row: usize) -> Vec<Cell> {
    let cell = |column: &Arc<dyn Array>| match column.data_type() {
        _ if column.is_null(row) => Cell::Null,
        DataType::Int64 => Cell::Long(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Cell::Double(column.as_primitive::<Float64Type>().value(row).to_bits()),
        DataType::Decimal128(..) => Cell::Decimal(column.as_primitive::<Decimal128Type>().value(row)),
        DataType::Timestamp(..) => Cell::Long(column.as_primitive::<TimestampMicrosecondType>().value(row)),
        DataType::Utf8 => Cell::Text(column.as_string::<i32>().value(row).to_owned()),
        _ => Cell::List(column.as_list::<i32>().value(row).as_primitive::<Int64Type>().iter().collect()),
    };
    batch.columns().iter().map(cell).collect()
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        12 => "[ -!#-\\[\\]-~]{1,12}",
        2 => prop_oneof![Just("ä"), Just("𝄞"), Just("\\n"), Just("\\u00e4"), Just("\\ud834\\udd1e"), Just("\\\""), Just("\\\\")]
            .prop_map(str::to_owned),
        1 => prop_oneof![Just("\\ud800"), Just("\\x"), Just("\t"), Just("\u{1}")].prop_map(str::to_owned),
    ];
    vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "-?(0|[1-9][0-9]{0,19})",
        4 => "-?(0|[1-9][0-9]{0,10})[.][0-9]{1,12}",
        1 => "[1-9][0-9]?([.][0-9])?[eE][+-]?[0-9]",
        1 => prop_oneof![Just("01"), Just("1."), Just(".5"), Just("-"), Just("+1"), Just("-0"), Just("-0.0"), Just("1e")]
            .prop_map(str::to_owned),
    ]
}

fn instant() -> impl Strategy<Value = String> {
    "\"20[0-9]{2}-0[1-9]-[0-2][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-5][0-9]([.][0-9]{1,7})?(Z|[+]01:00)?\""
}

fn value(column: usize) -> BoxedStrategy<String> {
    let list = vec(number(), 0..4).prop_map(|elements| format!("[{}]", elements.join(", ")));
    let any = prop_oneof![
        3 => Just("null".to_owned()),
        2 => number(),
        2 => string(),
        1 => number().prop_map(|number| format!("\"{number}\"")),
        1 => prop_oneof![Just("true"), Just("nul"), Just("{\"a\":[1,{}]}"), Just("[]"), Just("[[1]]")].prop_map(str::to_owned),
    ];
    let own = match column {
        1 => string().boxed(),
        4 => instant().boxed(),
        5 => list.boxed(),
        _ => number().boxed(),
    };
    prop_oneof![9 => own, 1 => any].boxed()
}

const SPACES: [&str; 12] = ["", "", "", "", "", "", "", "", "", " ", "  ", "\t"];

prop_compose! {
    /// Mostly all fields in order; a byte of some rows is another one.
    fn row()(
        values in [value(0), value(1), value(2), value(3), value(4), value(5), value(6)],
        more in vec((0usize..8).prop_flat_map(|column| (Just(column), value(column))), 0..3),
        left_out in option::weighted(0.3, 0usize..7),
        reversed in prop::bool::weighted(0.1),
        spaces in vec(0usize..12, 40),
        change in option::weighted(0.2, (any::<prop::sample::Index>(), any::<u8>())),
    ) -> Vec<u8> {
        let names = ["i", "some_longer_name", "d", "m", "ts", "l", ODD_NAME, "unknown"];
        let mut fields: Vec<(usize, String)> = values.into_iter().enumerate().collect();
        if let Some(at) = left_out {
            fields.remove(at);
        }
        fields.extend(more);
        if reversed {
            fields.reverse();
        }
        let mut space = spaces.into_iter().cycle().map(|at| SPACES[at]);
        let mut space = || space.next().unwrap_or_default();
        let fields: Vec<String> = fields.into_iter().map(|(column, value)| {
            format!("{}{}{}:{}{value}{}", space(), serde_json::Value::from(names[column]), space(), space(), space())
        }).collect();
        let mut row = format!("{{{}}}", fields.join(",")).into_bytes();
        if let Some((at, byte)) = change
            && byte != b'\n'
        {
            // Not the first one, which says whether there are lines.
            let at = 1 + at.index(row.len() - 1);
            row[at] = byte;
        }
        row
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn rows_are_read_or_refused_as_by_the_slow_way(rows in vec(row(), 1..6), step in prop_oneof![1usize..400, Just(1 << 20)]) {
        let text = rows.join(&b'\n');
        let mut reader = JsonReader::new(Arc::new(schema()), BatchSize { rows: 3, bytes: 1 << 20 }, false, Unknown::Ignore).unwrap();
        let mut batches = Vec::new();
        for piece in text.chunks(step) {
            batches.extend(reader.push(piece).unwrap());
        }
        batches.extend(reader.finish().unwrap());
        let mut found = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| found_row(batch, row)));
        let rejects = reader.take_rejects();
        let mut rejected = rejects.as_array().unwrap().iter().map(|reject| reject["line"].as_u64().unwrap() as usize);
        for (at, row) in rows.iter().enumerate() {
            let shown = String::from_utf8_lossy(row);
            match expected_row(row) {
                Some(cells) => prop_assert_eq!(found.next(), Some(cells), "{}", shown),
                None => prop_assert_eq!(rejected.next(), Some(at + 1), "{}", shown),
            }
        }
        prop_assert_eq!((found.next(), rejected.next()), (None, None));
    }
}
