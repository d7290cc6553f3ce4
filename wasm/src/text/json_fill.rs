//! Values of a JSON object into columns: fields by their names, in any order; values as their columns read them.

use std::collections::HashMap;

use arrow_schema::DataType;

use super::column::{Column, Data};
use super::json_scan::{MAX_DEPTH, Scanner};
use super::rows::Fault;
use super::swar::Wanted;

/// Fields by name, so that a row's fields may come in any order.
#[derive(Default)]
pub struct Shape {
    /// The names as rows mostly have them: in quotes, with a colon. Empty, which is never found, where a name has to be
    /// escaped.
    keys: Vec<Wanted>,
    index: HashMap<String, usize>,
    /// Of a struct's fields, of a list's element, of a map's key and value.
    children: Vec<Shape>,
}

impl Shape {
    pub fn of(columns: &[Column]) -> Self {
        let mut index = HashMap::new();
        for (at, column) in columns.iter().enumerate() {
            index.entry(column.field().name().clone()).or_insert(at);
        }
        let children = columns.iter().map(|column| match &column.data {
            Data::Struct(children) => Shape::of(children),
            Data::List { element, .. } => Shape::of(std::slice::from_ref(element)),
            Data::Map { key, value, .. } => {
                Shape { children: vec![Shape::leaf(key), Shape::leaf(value)], ..Shape::default() }
            }
            _ => Shape::default(),
        });
        let keys = columns.iter().map(|column| key(column.field().name()));
        Self { keys: keys.collect(), children: children.collect(), index }
    }

    fn leaf(column: &Column) -> Self {
        let mut shape = Shape::of(std::slice::from_ref(column));
        shape.children.swap_remove(0)
    }
}

fn key(name: &str) -> Wanted {
    let escaped = name.bytes().any(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
    if escaped { Wanted::default() } else { Wanted::new(format!("\"{name}\":").as_bytes()) }
}

/// Fields of a row that no column takes. Inside of columns they are always faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    Fail,
    Ignore,
}

/// A row of a sample has told which fields there are; one that comes later would be lost without a word.
const UNKNOWN: &str = "the field is in neither the schema nor the sample that types were taken from; name it in schema \
    (--types), or raise sampleBytes, or choose columns";

/// Names come from the columns, but for these.
fn shortened(name: &str) -> std::borrow::Cow<'_, str> {
    match name.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}

/// An object's fields into `columns`, of which each has `base` values: those that are missing become null, of those
/// that come twice the last one counts.
pub fn fill_fields(
    scanner: &mut Scanner,
    columns: &mut [Column],
    shape: &Shape,
    unknown: Unknown,
    base: usize,
    depth: usize,
) -> std::result::Result<(), Fault> {
    if depth > MAX_DEPTH {
        return scanner.too_deep();
    }
    let (mut next, mut in_order) = (0, 0);
    let mut more = scanner.open(b'{', b'}')?;
    while more {
        // Fields mostly come in the order of the columns.
        let found = if shape.keys.get(next).is_some_and(|key| scanner.take_key(key)) {
            next
        } else {
            let name = scanner.string()?;
            scanner.expect(b':')?;
            match shape.index.get(name.as_ref()) {
                Some(at) => *at,
                None => {
                    // What is no JSON is told as that.
                    scanner.skip(depth)?;
                    if unknown == Unknown::Fail {
                        return Err(Fault::of(&shortened(&name), UNKNOWN));
                    }
                    more = scanner.more(b'}')?;
                    continue;
                }
            }
        };
        next = found + 1;
        in_order += usize::from(found == in_order);
        let column = &mut columns[found];
        if column.len() > base {
            column.truncate(base);
        }
        if !fill_plain(scanner, column) {
            fill(scanner, column, &shape.children[found], depth)
                .map_err(|fault| fault.within(column.field().name()))?;
        }
        more = scanner.more(b'}')?;
    }
    if in_order == columns.len() {
        return Ok(());
    }
    for column in columns.iter_mut().filter(|column| column.len() == base) {
        column.push_null().map_err(|reason| Fault::of(column.field().name(), reason))?;
    }
    Ok(())
}

/// A value as most are: a plain number or string that fits a flat column. False, and nothing is taken: any other.
#[inline(always)]
fn fill_plain(scanner: &mut Scanner, column: &mut Column) -> bool {
    match scanner.peek() {
        b'-' | b'0'..=b'9' => match scanner.plain_number() {
            Some((number, end)) if column.push_plain(number) => scanner.go_to(end),
            _ => return false,
        },
        b'"' if column.is_flat() => match scanner.plain_string() {
            Some((text, end)) if column.push_plain_text(text) => scanner.go_to(end),
            _ => return false,
        },
        _ => return false,
    }
    true
}

fn fill(scanner: &mut Scanner, column: &mut Column, shape: &Shape, depth: usize) -> std::result::Result<(), Fault> {
    if depth > MAX_DEPTH {
        return scanner.too_deep();
    }
    if fill_plain(scanner, column) {
        return Ok(());
    }
    let first = scanner.peek();
    if first == b'n' {
        scanner.literal("null")?;
        return column.push_null().map_err(Fault::whole);
    }
    let base = column.len();
    match (&mut column.data, first) {
        (Data::List { element, .. }, b'[') => {
            let mut more = scanner.open(b'[', b']')?;
            while more {
                fill(scanner, element, &shape.children[0], depth + 1).map_err(|fault| fault.within("element"))?;
                more = scanner.more(b']')?;
            }
        }
        (Data::Struct(children), b'{') => fill_fields(scanner, children, shape, Unknown::Fail, base, depth + 1)?,
        (Data::Map { key, value, .. }, b'{') => {
            let mut more = scanner.open(b'{', b'}')?;
            while more {
                let name = scanner.string()?;
                key.push_text(&name).map_err(|reason| Fault::of("key", reason))?;
                scanner.expect(b':')?;
                fill(scanner, value, &shape.children[1], depth + 1).map_err(|fault| fault.within("value"))?;
                more = scanner.more(b'}')?;
            }
        }
        (Data::Map { key, value, .. }, b'[') => fill_pairs(scanner, key, value, shape, depth + 1)?,
        (Data::List { .. } | Data::Struct(_) | Data::Map { .. }, _) => {
            let wanted = match column.data {
                Data::Struct(_) | Data::Map { .. } => "an object",
                _ => "an array",
            };
            let found = scanner.skip(depth)?;
            return Err(Fault::whole(format!("{} is not {wanted}", super::parse::shown(found))));
        }
        _ => return fill_flat(scanner, column, first, depth),
    }
    column.close_nested().map_err(Fault::whole)
}

/// A map as an array of `{"key": …, "value": …}`, for keys that are no strings.
fn fill_pairs(
    scanner: &mut Scanner,
    key: &mut Column,
    value: &mut Column,
    shape: &Shape,
    depth: usize,
) -> std::result::Result<(), Fault> {
    if depth > MAX_DEPTH {
        return scanner.too_deep();
    }
    let mut more = scanner.open(b'[', b']')?;
    while more {
        let base = key.len();
        let mut inside = scanner.open(b'{', b'}')?;
        while inside {
            let name = scanner.string()?;
            scanner.expect(b':')?;
            let (column, shape) = match name.as_ref() {
                "key" => (&mut *key, &shape.children[0]),
                "value" => (&mut *value, &shape.children[1]),
                _ => return Err(Fault::whole("an entry of a map has other fields than key and value")),
            };
            if column.len() > base {
                return Err(Fault::whole(format!("an entry of a map has two fields {name}")));
            }
            fill(scanner, column, shape, depth + 1).map_err(|fault| fault.within(&name))?;
            inside = scanner.more(b'}')?;
        }
        if key.len() == base {
            return Err(Fault::of("key", "an entry of a map has no key"));
        }
        if value.len() == base {
            value.push_null().map_err(|reason| Fault::of("value", reason))?;
        }
        more = scanner.more(b']')?;
    }
    Ok(())
}

/// Strings are read as a CSV cell would be; numbers and booleans too, so that a text column takes them. Whole numbers
/// in date, time and timestamp columns count the column's own unit. A text column takes arrays and objects as JSON.
fn fill_flat(scanner: &mut Scanner, column: &mut Column, first: u8, depth: usize) -> std::result::Result<(), Fault> {
    let data_type = column.field().data_type();
    let of_bytes = matches!(data_type, DataType::Binary | DataType::FixedSizeBinary(_));
    let of_time = matches!(data_type, DataType::Date32 | DataType::Time64(_) | DataType::Timestamp(..));
    let pushed = match first {
        b'"' => column.push_text(&scanner.string()?),
        b't' => column.push_text(scanner.literal("true")?),
        b'f' => column.push_text(scanner.literal("false")?),
        b'{' | b'[' => {
            let is_text = *data_type == DataType::Utf8;
            let text = scanner.skip(depth)?;
            if is_text {
                column.push_text(text)
            } else {
                Err(format!("{} is not a single value", super::parse::shown(text)))
            }
        }
        _ => {
            let text = scanner.number()?;
            if of_bytes {
                Err(format!("{text} is not bytes as hexadecimal text"))
            } else if of_time {
                super::parse::long(text).and_then(|units| column.push_units(units))
            } else {
                column.push_text(text)
            }
        }
    };
    pushed.map_err(Fault::whole)
}
