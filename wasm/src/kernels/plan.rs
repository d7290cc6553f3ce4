//! How the columns of one schema reach another, made once and refused by types alone where it cannot work.

use arrow_schema::{DataType, Field, FieldRef, Fields, TimeUnit};

use super::cast::Cast;
use super::constants::{Constant, Constants};
use crate::error::{EngineError, Result};
use crate::schema_json::{extension, field_id, unit_name};

#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// The source has no such column, or one of nulls only.
    Nulls,
    /// The source has no such column, and every row gets this value.
    Constant(Constant),
    Leaf(Cast),
    /// For each target field its column in the source (None: missing) and the way there.
    Struct(Vec<(Option<usize>, Plan)>),
    List(Box<Plan>),
    Map(Box<Plan>, Box<Plan>),
    /// Dictionary or run-end encoded: the values are cast, then given to the rows.
    Encoded(Box<Plan>),
}

/// What makes a field of the source that of the target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MatchBy {
    Name,
    /// Fields of structs; a list's element and a map's key and value are found by their place.
    FieldId,
}

impl MatchBy {
    fn same(self, source: &Field, target: &Field) -> bool {
        match self {
            Self::Name => source.name() == target.name(),
            Self::FieldId => field_id(source).is_some_and(|id| field_id(target) == Some(id)),
        }
    }
}

pub struct Rules {
    pub match_by: MatchBy,
    pub constants: Constants,
}

/// The names on the way to a field, for messages.
type Path<'a> = Vec<&'a str>;

/// Plans the columns of a schema or a struct; what the target does not have is left out, what the source does not have
/// is filled from the constants, or with nulls.
pub fn fields<'a>(
    source: &Fields,
    target: &'a Fields,
    rules: &Rules,
    path: &mut Path<'a>,
) -> Result<Vec<(Option<usize>, Plan)>> {
    target
        .iter()
        .map(|wanted| {
            path.push(wanted.name());
            let mut found = source.iter().enumerate().filter(|(_, f)| rules.match_by.same(f, wanted));
            let planned = match (found.next(), found.next()) {
                (Some(_), Some(_)) => Err(mismatch(
                    path,
                    match rules.match_by {
                        MatchBy::Name => "the source has more than one column of this name; rename them",
                        MatchBy::FieldId => "the source has more than one column of this field id",
                    },
                )),
                (Some((index, have)), None) => Ok((Some(index), field(have, wanted, rules, path)?)),
                (None, _) => missing(wanted, rules, path).map(|plan| (None, plan)),
            };
            path.pop();
            planned
        })
        .collect()
}

fn missing(wanted: &FieldRef, rules: &Rules, path: &Path) -> Result<Plan> {
    match rules.constants.value(wanted, path)? {
        Some(value) => Ok(Plan::Constant(value)),
        None if wanted.is_nullable() => Ok(Plan::Nulls),
        None => Err(mismatch(
            path,
            "the column is required and the source does not have it; add it to the source or make it optional",
        )),
    }
}

fn field<'a>(source: &Field, target: &'a Field, rules: &Rules, path: &mut Path<'a>) -> Result<Plan> {
    plan_type(source.data_type(), target, rules, path)
}

fn plan_type<'a>(source: &DataType, target: &'a Field, rules: &Rules, path: &mut Path<'a>) -> Result<Plan> {
    use DataType::*;
    Ok(match (source, target.data_type()) {
        (Dictionary(_, values), _) => Plan::Encoded(Box::new(plan_type(values, target, rules, path)?)),
        (RunEndEncoded(_, values), _) => Plan::Encoded(Box::new(field(values, target, rules, path)?)),
        (Null, _) => Plan::Nulls,
        (Struct(have), Struct(want)) => Plan::Struct(fields(have, want, rules, path)?),
        (List(have) | LargeList(have) | ListView(have) | LargeListView(have) | FixedSizeList(have, _), List(want)) => {
            Plan::List(Box::new(child("element", have, want, rules, path)?))
        }
        (Map(have, _), Map(want, _)) => {
            let (Struct(have), Struct(want)) = (have.data_type(), want.data_type()) else {
                return Err(mismatch(path, "a map without entries"));
            };
            let [have_key, have_value] = have.as_ref() else {
                return Err(mismatch(path, "a map without key and value"));
            };
            let [want_key, want_value] = want.as_ref() else {
                return Err(mismatch(path, "a map without key and value"));
            };
            let key = child("key", have_key, want_key, rules, path)?;
            Plan::Map(Box::new(key), Box::new(child("value", have_value, want_value, rules, path)?))
        }
        (have, want) => match leaf(have, want, target) {
            Some(cast) => Plan::Leaf(cast),
            None => {
                let text = format!("the source has {}, the table wants {}", type_name(have), type_name(want));
                return Err(mismatch(path, &(text + "; convert the column or change the table's")));
            }
        },
    })
}

fn child<'a>(
    name: &'static str,
    source: &Field,
    target: &'a Field,
    rules: &Rules,
    path: &mut Path<'a>,
) -> Result<Plan> {
    path.push(name);
    let planned = field(source, target, rules, path);
    path.pop();
    planned
}

fn mismatch(path: &[&str], reason: &str) -> EngineError {
    let column = path.join(".");
    EngineError::schema_mismatch(format!("column \"{column}\": {reason}")).at_column(column)
}

/// Lossless by type, or checked value by value; None: these types do not meet.
fn leaf(source: &DataType, target: &DataType, field: &Field) -> Option<Cast> {
    use DataType::*;
    if matches!(source, Decimal32(..) | Decimal64(..) | Decimal128(..) | Decimal256(..)) {
        return from_decimal(source, target);
    }
    let ticks = |from: TimeUnit, to: TimeUnit| {
        let (from, to) = (per_second(from), per_second(to));
        Some(if from == to {
            Cast::Same
        } else {
            Cast::Ticks { multiply: (to / from).max(1), divide: (from / to).max(1) }
        })
    };
    match (source, target) {
        (Timestamp(from, zone), Timestamp(to, want)) => {
            // Any zone's name says the same: the ticks count from 1970 in UTC. The target's name must win, though.
            if zone.is_some() != want.is_some() {
                return None;
            }
            ticks(*from, *to)
                .map(|c| if c == Cast::Same && zone != want { Cast::Ticks { multiply: 1, divide: 1 } } else { c })
        }
        (Date32, Timestamp(to, None)) => Some(Cast::Ticks { multiply: 86_400 * per_second(*to), divide: 1 }),
        (Time32(from) | Time64(from), Time64(to)) => {
            ticks(*from, *to).map(|c| if c == Cast::Same { Cast::Checked } else { c })
        }
        (Date64, Date32) => Some(Cast::Ticks { multiply: 1, divide: 86_400_000 }),
        (Boolean, Boolean) | (Date32, Date32) | (Utf8, Utf8) | (Binary, Binary) => Some(Cast::Same),
        (FixedSizeBinary(a), FixedSizeBinary(b)) => (a == b).then_some(Cast::Same),
        (Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64, _) => match target {
            Int32 | Int64 => Some(if source == target { Cast::Same } else { Cast::IntToInt }),
            Float32 | Float64 => Some(Cast::IntToFloat),
            Decimal128(precision, scale) => Some(Cast::IntToDecimal { precision: *precision, scale: *scale }),
            _ => None,
        },
        (Float16 | Float32 | Float64, Float32 | Float64) => {
            Some(if source == target { Cast::Same } else { Cast::FloatToFloat })
        }
        (Float16 | Float32 | Float64, Int32 | Int64) => Some(Cast::FloatToInt),
        (LargeUtf8 | Utf8View, Utf8) | (LargeBinary | BinaryView | FixedSizeBinary(_), Binary) => Some(Cast::Bytes),
        (Binary | LargeBinary | BinaryView, FixedSizeBinary(_)) => Some(Cast::Bytes),
        (Binary | LargeBinary | BinaryView, Utf8) => Some(Cast::BinaryToText),
        (Utf8 | LargeUtf8 | Utf8View, FixedSizeBinary(16)) => is_uuid(field).then_some(Cast::TextToUuid),
        _ => None,
    }
}

fn from_decimal(source: &DataType, target: &DataType) -> Option<Cast> {
    let scale = scale_of(source);
    match target {
        DataType::Decimal128(precision, want) => Some(match source {
            DataType::Decimal128(have, from) if from == want && have == precision => Cast::Checked,
            _ => Cast::Decimal { shift: i32::from(*want) - scale, precision: *precision },
        }),
        DataType::Int32 | DataType::Int64 => Some(Cast::DecimalToInt { shift: -scale }),
        _ => None,
    }
}

fn scale_of(decimal: &DataType) -> i32 {
    match decimal {
        DataType::Decimal32(_, s)
        | DataType::Decimal64(_, s)
        | DataType::Decimal128(_, s)
        | DataType::Decimal256(_, s) => (*s).into(),
        _ => 0,
    }
}

fn is_uuid(field: &Field) -> bool {
    extension(field) == Some("arrow.uuid")
}

pub fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// A type's name in messages.
pub fn type_name(t: &DataType) -> String {
    use DataType::*;
    match t {
        Null => "null".into(),
        Boolean => "bool".into(),
        Int8 => "int8".into(),
        Int16 => "int16".into(),
        Int32 => "int32".into(),
        Int64 => "int64".into(),
        UInt8 => "uint8".into(),
        UInt16 => "uint16".into(),
        UInt32 => "uint32".into(),
        UInt64 => "uint64".into(),
        Float16 => "float16".into(),
        Float32 => "float32".into(),
        Float64 => "float64".into(),
        Decimal32(p, s) | Decimal64(p, s) | Decimal128(p, s) | Decimal256(p, s) => format!("decimal({p}, {s})"),
        Date32 | Date64 => "date".into(),
        Time32(u) | Time64(u) => format!("time[{}]", unit_name(u)),
        Timestamp(u, None) => format!("timestamp[{}] without time zone", unit_name(u)),
        Timestamp(u, Some(zone)) => format!("timestamp[{}] with time zone ({zone})", unit_name(u)),
        Duration(u) => format!("duration[{}]", unit_name(u)),
        Interval(_) => "interval".into(),
        Utf8 | LargeUtf8 | Utf8View => "string".into(),
        Binary | LargeBinary | BinaryView => "binary".into(),
        FixedSizeBinary(width) => format!("fixed[{width}]"),
        List(_) | LargeList(_) | ListView(_) | LargeListView(_) | FixedSizeList(..) => "list".into(),
        Struct(_) => "struct".into(),
        Map(..) => "map".into(),
        Union(..) => "union".into(),
        Dictionary(_, values) => type_name(values),
        RunEndEncoded(_, values) => type_name(values.data_type()),
    }
}
