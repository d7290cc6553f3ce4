//! The order of a leaf's values, which decides whether a footer's bounds can be used and how they are merged.

use std::cmp::Ordering;

use parquet::basic::{ColumnOrder, ConvertedType, LogicalType, SortOrder, Type};
use parquet::schema::types::ColumnDescriptor;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueOrder {
    Boolean,
    Int32 {
        signed: bool,
    },
    Int64 {
        signed: bool,
    },
    Float16,
    Float,
    Double,
    /// Two's complement, big-endian, any length.
    SignedBigEndian,
    /// Unsigned bytes, shorter first.
    Bytes,
}

impl ValueOrder {
    /// None: the format defines no order, so bounds mean nothing.
    pub fn of(column: &ColumnDescriptor) -> Option<ValueOrder> {
        let logical = column.logical_type_ref();
        let converted = column.converted_type();
        if matches!(
            logical,
            Some(
                LogicalType::Unknown
                    | LogicalType::Map
                    | LogicalType::List
                    | LogicalType::Variant(_)
                    | LogicalType::Geometry(_)
                    | LogicalType::Geography(_)
                    | LogicalType::File
                    | LogicalType::_Unknown { .. }
            )
        ) || converted == ConvertedType::INTERVAL
        {
            return None;
        }
        let unsigned = match logical {
            Some(LogicalType::Integer(int)) => !int.is_signed,
            _ => matches!(
                converted,
                ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64
            ),
        };
        let decimal = matches!(logical, Some(LogicalType::Decimal(_))) || converted == ConvertedType::DECIMAL;
        match column.physical_type() {
            Type::BOOLEAN => Some(ValueOrder::Boolean),
            Type::INT32 => Some(ValueOrder::Int32 { signed: !unsigned }),
            Type::INT64 => Some(ValueOrder::Int64 { signed: !unsigned }),
            Type::INT96 => None,
            Type::FLOAT => Some(ValueOrder::Float),
            Type::DOUBLE => Some(ValueOrder::Double),
            Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY if decimal => Some(ValueOrder::SignedBigEndian),
            Type::FIXED_LEN_BYTE_ARRAY if logical == Some(&LogicalType::Float16) => Some(ValueOrder::Float16),
            Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => Some(ValueOrder::Bytes),
        }
    }

    /// Whether the file says that its bounds follow this order. The deprecated fields were compared as signed
    /// values by every writer, which is right for signed numbers and booleans alone; where no order is declared,
    /// no other can be relied on either.
    pub fn holds_for(self, declared: ColumnOrder, deprecated: bool) -> bool {
        if deprecated || declared == ColumnOrder::UNDEFINED {
            return match self {
                ValueOrder::Int32 { signed } | ValueOrder::Int64 { signed } => signed,
                ValueOrder::Boolean | ValueOrder::Float | ValueOrder::Double => true,
                ValueOrder::Float16 | ValueOrder::SignedBigEndian | ValueOrder::Bytes => false,
            };
        }
        match declared {
            ColumnOrder::TYPE_DEFINED_ORDER(order) => order != SortOrder::UNDEFINED,
            ColumnOrder::IEEE_754_TOTAL_ORDER => {
                matches!(self, ValueOrder::Float16 | ValueOrder::Float | ValueOrder::Double)
            }
            // UNDEFINED was answered above.
            ColumnOrder::INT96_TIMESTAMP_ORDER | ColumnOrder::UNDEFINED | ColumnOrder::UNKNOWN => false,
        }
    }

    /// The length that a bound must have; None: any.
    pub fn width(self) -> Option<usize> {
        match self {
            ValueOrder::Boolean => Some(1),
            ValueOrder::Float16 => Some(2),
            ValueOrder::Int32 { .. } | ValueOrder::Float => Some(4),
            ValueOrder::Int64 { .. } | ValueOrder::Double => Some(8),
            ValueOrder::SignedBigEndian | ValueOrder::Bytes => None,
        }
    }

    pub fn is_float(self) -> bool {
        matches!(self, ValueOrder::Float16 | ValueOrder::Float | ValueOrder::Double)
    }

    /// Both bounds must have the width of the order.
    pub fn compare(self, a: &[u8], b: &[u8]) -> Ordering {
        match self {
            ValueOrder::Boolean => (a[0] != 0).cmp(&(b[0] != 0)),
            ValueOrder::Int32 { signed: true } => i32::from_le_bytes(fixed(a)).cmp(&i32::from_le_bytes(fixed(b))),
            ValueOrder::Int32 { signed: false } => u32::from_le_bytes(fixed(a)).cmp(&u32::from_le_bytes(fixed(b))),
            ValueOrder::Int64 { signed: true } => i64::from_le_bytes(fixed(a)).cmp(&i64::from_le_bytes(fixed(b))),
            ValueOrder::Int64 { signed: false } => u64::from_le_bytes(fixed(a)).cmp(&u64::from_le_bytes(fixed(b))),
            ValueOrder::Float16 => half::f16::from_le_bytes(fixed(a)).total_cmp(&half::f16::from_le_bytes(fixed(b))),
            ValueOrder::Float => f32::from_le_bytes(fixed(a)).total_cmp(&f32::from_le_bytes(fixed(b))),
            ValueOrder::Double => f64::from_le_bytes(fixed(a)).total_cmp(&f64::from_le_bytes(fixed(b))),
            ValueOrder::SignedBigEndian => compare_signed_big_endian(a, b),
            ValueOrder::Bytes => a.cmp(b),
        }
    }

    pub fn is_nan(self, value: &[u8]) -> bool {
        match self {
            ValueOrder::Float16 => half::f16::from_le_bytes(fixed(value)).is_nan(),
            ValueOrder::Float => f32::from_le_bytes(fixed(value)).is_nan(),
            ValueOrder::Double => f64::from_le_bytes(fixed(value)).is_nan(),
            _ => false,
        }
    }

    /// Writers may have taken either zero for both, so a lower bound of zero must be -0 and an upper bound +0.
    pub fn widen_zero(self, value: &mut [u8], lower: bool) {
        if !self.is_float() {
            return;
        }
        let last = value.len() - 1;
        let zero = value[..last].iter().all(|byte| *byte == 0) && value[last] & 0x7f == 0;
        if zero {
            value[last] = if lower { 0x80 } else { 0 };
        }
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[..N]);
    out
}

fn compare_signed_big_endian(a: &[u8], b: &[u8]) -> Ordering {
    let negative = |v: &[u8]| v.first().is_some_and(|byte| byte & 0x80 != 0);
    match (negative(a), negative(b)) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (sign, _) => {
            let fill = if sign { 0xff } else { 0 };
            let width = a.len().max(b.len());
            let padded = |v: &[u8], at: usize| {
                let missing = width - v.len();
                if at < missing { fill } else { v[at - missing] }
            };
            (0..width).map(|at| padded(a, at).cmp(&padded(b, at))).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_of_different_lengths_compare_by_value() {
        let order = ValueOrder::SignedBigEndian;
        assert_eq!(order.compare(&[0xff], &[0xff, 0xff]), Ordering::Equal);
        assert_eq!(order.compare(&[0x80], &[0x00]), Ordering::Less);
        assert_eq!(order.compare(&[0x01, 0x00], &[0x7f]), Ordering::Greater);
        assert_eq!(order.compare(&[0xfe, 0x00], &[0xff]), Ordering::Less);
        assert_eq!(order.compare(&[], &[0]), Ordering::Equal);
    }

    #[test]
    fn zeros_are_widened_and_nothing_else() {
        let mut zero = 0f64.to_le_bytes();
        ValueOrder::Double.widen_zero(&mut zero, true);
        assert!(f64::from_le_bytes(zero).is_sign_negative());
        ValueOrder::Double.widen_zero(&mut zero, false);
        assert!(f64::from_le_bytes(zero).is_sign_positive());
        let mut one = 1f32.to_le_bytes();
        ValueOrder::Float.widen_zero(&mut one, true);
        assert_eq!(f32::from_le_bytes(one), 1.0);
    }

    #[test]
    fn deprecated_bounds_hold_for_signed_numbers_alone() {
        for (order, holds) in [
            (ValueOrder::Int32 { signed: true }, true),
            (ValueOrder::Int32 { signed: false }, false),
            (ValueOrder::Bytes, false),
            (ValueOrder::SignedBigEndian, false),
            (ValueOrder::Double, true),
        ] {
            assert_eq!(order.holds_for(ColumnOrder::UNDEFINED, true), holds, "{order:?}");
            assert_eq!(order.holds_for(ColumnOrder::UNDEFINED, false), holds, "{order:?}");
            assert!(!order.holds_for(ColumnOrder::UNKNOWN, false));
        }
    }
}
