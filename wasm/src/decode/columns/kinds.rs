//! Which fields are read here and not by the decoder of the parquet crate: single values, and lists of them.

use std::ops::Range;

use arrow_schema::{DataType, FieldRef};
use parquet::basic::{Repetition, Type};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use super::fixed::{Fixed, Layout};
use super::texts::Texts;
use super::values::Values;

/// How a leaf's values become an array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Four,
    Eight,
    Sixteen(Layout),
    Bytes { text: bool },
}

impl Kind {
    /// None: it is not read here.
    fn of(column: &ColumnDescriptor, data_type: &DataType) -> Option<Self> {
        use DataType as A;
        let width = usize::try_from(column.type_length()).unwrap_or(0);
        match (column.physical_type(), data_type) {
            (Type::INT32, A::Int32 | A::UInt32 | A::Date32 | A::Time32(_)) | (Type::FLOAT, A::Float32) => {
                Some(Self::Four)
            }
            (Type::INT64, A::Int64 | A::UInt64 | A::Timestamp(..) | A::Time64(_) | A::Duration(_))
            | (Type::DOUBLE, A::Float64) => Some(Self::Eight),
            (Type::INT32, A::Decimal128(..)) => Some(Self::Sixteen(Layout::Little(4))),
            (Type::INT64, A::Decimal128(..)) => Some(Self::Sixteen(Layout::Little(8))),
            (Type::FIXED_LEN_BYTE_ARRAY, A::Decimal128(..)) if (1..=16).contains(&width) => {
                Some(Self::Sixteen(Layout::Big(width)))
            }
            (Type::FIXED_LEN_BYTE_ARRAY, A::FixedSizeBinary(16)) if width == 16 => Some(Self::Sixteen(Layout::Same)),
            (Type::BYTE_ARRAY, A::Utf8) => Some(Self::Bytes { text: true }),
            (Type::BYTE_ARRAY, A::Binary) => Some(Self::Bytes { text: false }),
            _ => None,
        }
    }

    /// `roomy`: there is memory for what makes it quicker.
    pub fn values(self, roomy: bool) -> Box<dyn Values> {
        match self {
            Self::Four => Box::new(Fixed::<i32>::new(Layout::Same)),
            Self::Eight => Box::new(Fixed::<i64>::new(Layout::Same)),
            Self::Sixteen(layout) => Box::new(Fixed::<i128>::new(layout)),
            Self::Bytes { text } => Box::new(Texts::new(text, roomy)),
        }
    }

    /// Bytes of a value in an array; of texts without the text.
    pub fn width(self) -> u64 {
        match self {
            Self::Four | Self::Bytes { .. } => 4,
            Self::Eight => 8,
            Self::Sixteen(_) => 16,
        }
    }
}

/// The definition levels of a list: from `present` on it is not null, from `element` on there is an element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListLevels {
    pub present: u8,
    pub element: u8,
}

/// A field that is read here.
#[derive(Clone, Debug, PartialEq)]
pub struct Simple {
    pub kind: Kind,
    pub list: Option<ListLevels>,
    /// Of a value that is not null.
    pub highest: u8,
}

/// A top-level field that is read.
#[derive(Clone, Debug)]
pub struct Root {
    pub field: FieldRef,
    /// Its leaves, by their number in the file.
    pub leaves: Range<usize>,
    /// None: the parquet crate reads it.
    pub simple: Option<Simple>,
}

/// All top-level fields; `fields` are their Arrow types.
pub fn roots_of(descriptor: &SchemaDescriptor, fields: &[FieldRef]) -> Vec<Root> {
    let mut roots: Vec<Root> = Vec::new();
    let mut next = 0;
    for (at, field) in fields.iter().enumerate() {
        let first = next;
        while next < descriptor.num_columns() && descriptor.get_column_root_idx(next) == at {
            next += 1;
        }
        let simple = (next == first + 1).then(|| simple(descriptor, first, field)).flatten();
        roots.push(Root { field: field.clone(), leaves: first..next, simple });
    }
    roots
}

fn simple(descriptor: &SchemaDescriptor, leaf: usize, field: &FieldRef) -> Option<Simple> {
    let column = descriptor.column(leaf);
    let root = descriptor.get_column_root(leaf);
    let repetition = |of: &parquet::schema::types::Type| {
        let info = of.get_basic_info();
        info.has_repetition().then(|| info.repetition())
    };
    let nullable = match repetition(root)? {
        Repetition::REPEATED => return None,
        other => other == Repetition::OPTIONAL,
    };
    if nullable != field.is_nullable() {
        return None;
    }
    let highest = u8::try_from(column.max_def_level()).ok()?;
    if root.is_primitive() {
        return Some(Simple { kind: Kind::of(&column, field.data_type())?, list: None, highest });
    }
    let DataType::List(element) = field.data_type() else { return None };
    let [repeated] = root.get_fields() else { return None };
    if repetition(repeated)? != Repetition::REPEATED || repeated.is_primitive() {
        return None;
    }
    let [leaf] = repeated.get_fields() else { return None };
    let optional = repetition(leaf)? == Repetition::OPTIONAL;
    if !leaf.is_primitive() || column.max_rep_level() != 1 || optional != element.is_nullable() {
        return None;
    }
    let present = u8::from(nullable);
    let list = Some(ListLevels { present, element: present + 1 });
    Some(Simple { kind: Kind::of(&column, element.data_type())?, list, highest })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::arrow::parquet_to_arrow_schema;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    #[test]
    fn single_values_and_lists_of_them_are_read_here_and_nothing_else() {
        let message = "message m {
            required int64 id;
            optional group tags (LIST) { repeated group list { required binary element (UTF8); } }
            optional group deep (LIST) { repeated group list { optional group element (LIST) {
                repeated group list { optional int32 element; } } } }
            optional group one { optional int32 value; }
            repeated int32 bare;
            optional fixed_len_byte_array(5) amount (DECIMAL(10, 2));
            required boolean flag;
            optional int32 small (INTEGER(8, true));
        }";
        let descriptor = SchemaDescriptor::new(Arc::new(parse_message_type(message).unwrap()));
        let schema = parquet_to_arrow_schema(&descriptor, None).unwrap();
        let roots = roots_of(&descriptor, schema.fields());
        let read: Vec<Option<Simple>> = roots.iter().map(|root| root.simple.clone()).collect();
        let single = |kind, highest| Some(Simple { kind, list: None, highest });
        let tags = Some(ListLevels { present: 1, element: 2 });
        assert_eq!(read[0], single(Kind::Eight, 0));
        assert_eq!(read[1], Some(Simple { kind: Kind::Bytes { text: true }, list: tags, highest: 2 }));
        assert_eq!(read[5], single(Kind::Sixteen(Layout::Big(5)), 1));
        assert!([2, 3, 4, 6, 7].iter().all(|at| read[*at].is_none()), "{read:?}");
        assert_eq!(roots.iter().map(|root| root.leaves.start).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
