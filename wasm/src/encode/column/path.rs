//! The way from a top-level field to one of its leaves.

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_schema::{DataType, Field};
use parquet::basic::Type;
use parquet::schema::types::ColumnDescriptor;

use super::rows::{LeafRows, Node};
use super::values::LeafValues;
use crate::error::{EngineError, Result};
use crate::kernels::unpack::Unpacked;

/// How the values of a leaf are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Boolean,
    Int32,
    Int64,
    Float,
    Double,
    /// A decimal of 128 bits as a smaller integer.
    DecimalInt32,
    DecimalInt64,
    /// A decimal of 128 bits as so many of its last bytes, the highest first.
    DecimalBytes(usize),
    Fixed(usize),
    Text,
}

impl Kind {
    fn of(data_type: &DataType, leaf: &ColumnDescriptor) -> Option<Self> {
        let data_type = match data_type {
            DataType::Dictionary(_, values) => values,
            DataType::RunEndEncoded(_, values) => values.data_type(),
            other => other,
        };
        Some(match (data_type, leaf.physical_type()) {
            (DataType::Boolean, _) => Self::Boolean,
            (DataType::Int32 | DataType::Date32 | DataType::Time32(_), Type::INT32) => Self::Int32,
            (DataType::Int64 | DataType::Time64(_) | DataType::Timestamp(_, _), Type::INT64) => Self::Int64,
            (DataType::Float32, _) => Self::Float,
            (DataType::Float64, _) => Self::Double,
            (DataType::Decimal128(_, _), Type::INT32) => Self::DecimalInt32,
            (DataType::Decimal128(_, _), Type::INT64) => Self::DecimalInt64,
            (DataType::Decimal128(_, _), _) => Self::DecimalBytes(usize::try_from(leaf.type_length()).ok()?),
            (DataType::FixedSizeBinary(width), _) => Self::Fixed(usize::try_from(*width).ok()?),
            (DataType::Utf8 | DataType::Binary, _) => Self::Text,
            _ => return None,
        })
    }

    /// Bytes of a value, PLAIN; of a text, of its length.
    pub fn width(self) -> usize {
        match self {
            Self::Boolean => 1,
            Self::Int32 | Self::Float | Self::DecimalInt32 | Self::Text => 4,
            Self::Int64 | Self::Double | Self::DecimalInt64 => 8,
            Self::DecimalBytes(width) | Self::Fixed(width) => width,
        }
    }
}

#[derive(Clone, Copy)]
enum To {
    Child(usize),
    Elements,
    /// The keys or the values of a map.
    Entries(usize),
}

#[derive(Clone, Copy)]
struct Step {
    nullable: bool,
    to: To,
}

#[derive(Clone)]
pub struct Path {
    steps: Vec<Step>,
    nullable: bool,
    pub kind: Kind,
}

impl Path {
    /// To the leaves of `field`, which are `leaves` in a file.
    pub fn all<'a>(field: &Field, leaves: impl Iterator<Item = &'a ColumnDescriptor>) -> Result<Vec<Self>> {
        let mut found = Vec::new();
        descend(field, field.is_nullable(), &mut Vec::new(), &mut found);
        let unsupported = |leaf: &ColumnDescriptor, text: String| {
            let path = leaf.path().string();
            EngineError::unsupported(format!("column {path}: {text}")).at_column(path)
        };
        let one = |((steps, nullable, data_type), leaf): ((Vec<Step>, bool, DataType), &ColumnDescriptor)| {
            let kind = Kind::of(&data_type, leaf);
            let kind = kind.ok_or_else(|| unsupported(leaf, format!("the type {data_type} is not written")))?;
            let path = Self { steps, nullable, kind };
            if path.levels() != (leaf.max_rep_level(), leaf.max_def_level()) || leaf.max_def_level() > 255 {
                return Err(unsupported(leaf, "nested in a way that is not written".to_string()));
            }
            Ok(path)
        };
        found.into_iter().zip(leaves).map(one).collect()
    }

    /// The highest repetition and definition levels.
    fn levels(&self) -> (i16, i16) {
        let lists = self.steps.iter().filter(|step| !matches!(step.to, To::Child(_))).count();
        let nullable = self.steps.iter().filter(|step| step.nullable).count() + usize::from(self.nullable);
        (lists as i16, (lists + nullable) as i16)
    }

    /// What this leaf is in rows of its field.
    pub fn rows(&self, array: &ArrayRef) -> Result<LeafRows> {
        let rows = array.len();
        let mut array = array.clone();
        let mut nodes = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
            let (offsets, next) = match step.to {
                To::Child(at) => (None, array.as_struct().column(at).clone()),
                To::Elements => {
                    let list = array.as_list::<i32>();
                    (Some(list.offsets().inner().clone()), list.values().clone())
                }
                To::Entries(at) => {
                    let map = array.as_map();
                    (Some(map.offsets().inner().clone()), map.entries().column(at).clone())
                }
            };
            nodes.push(Node { nullable: step.nullable, nulls, offsets });
            array = next;
        }
        if let Some(unpacked) = Unpacked::of(&array)? {
            let values = unpacked.values.clone();
            array = unpacked.expand(&values)?;
        }
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
        nodes.push(Node { nullable: self.nullable, nulls, offsets: None });
        Ok(LeafRows { rows, nodes, values: LeafValues::of(self.kind, &array) })
    }
}

fn descend(field: &Field, nullable: bool, steps: &mut Vec<Step>, found: &mut Vec<(Vec<Step>, bool, DataType)>) {
    let mut into = |to: To, child: &Field, nullable_child: bool| {
        steps.push(Step { nullable, to });
        descend(child, nullable_child, steps, found);
        steps.pop();
    };
    match field.data_type() {
        DataType::Struct(children) => {
            for (at, child) in children.iter().enumerate() {
                into(To::Child(at), child, child.is_nullable());
            }
        }
        DataType::List(element) => into(To::Elements, element, element.is_nullable()),
        DataType::Map(entries, _) => {
            if let DataType::Struct(children) = entries.data_type() {
                for (at, child) in children.iter().enumerate() {
                    // A key is never null.
                    into(To::Entries(at), child, at > 0 && child.is_nullable());
                }
            }
        }
        other => found.push((steps.clone(), nullable, other.clone())),
    }
}
