//! Bounds and counts of a column chunk.

use std::cmp::Ordering;

use icestream_encodings as encodings;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::schema::types::ColumnDescriptor;

use super::path::Kind;
use super::truncate;
use super::values::PageValues;

type Pair<T> = Option<(T, T)>;

enum Bounds {
    Boolean(Pair<bool>),
    Int32(Pair<i32>),
    Int64(Pair<i64>),
    /// By the total order of IEEE 754; NaN only where there is nothing else.
    Float(Pair<f32>),
    Double(Pair<f64>),
    Texts(Pair<Vec<u8>>),
    /// Bytes, or decimals of bytes.
    Fixed(Pair<Vec<u8>>),
}

pub struct ChunkStatistics {
    kind: Kind,
    bounds: Bounds,
    nans: u64,
}

/// The least and the greatest of both.
fn widen<T>(held: &mut Pair<T>, new: Pair<T>, compare: impl Fn(&T, &T) -> Ordering) {
    *held = match (held.take(), new) {
        (Some((min, max)), Some((new_min, new_max))) => Some((
            if compare(&new_min, &min).is_lt() { new_min } else { min },
            if compare(&new_max, &max).is_gt() { new_max } else { max },
        )),
        (held, new) => held.or(new),
    };
}

macro_rules! widen_floats {
    ($held:expr, $bounds:expr, $nans:expr) => {
        if let Some(new) = $bounds {
            $nans += new.nans as u64;
            match $held {
                Some((min, _)) if !min.is_nan() && new.min.is_nan() => {}
                Some((min, _)) if min.is_nan() && !new.min.is_nan() => *$held = Some((new.min, new.max)),
                _ => widen($held, Some((new.min, new.max)), |a, b| a.total_cmp(b)),
            }
        }
    };
}

/// The highest byte of a decimal has its sign.
fn compare_decimals(a: &[u8], b: &[u8]) -> Ordering {
    let key = |bytes: &[u8]| bytes.first().map(|byte| *byte as i8);
    key(a).cmp(&key(b)).then_with(|| a.cmp(b))
}

impl ChunkStatistics {
    pub fn new(kind: Kind) -> Self {
        let bounds = match kind {
            Kind::Boolean => Bounds::Boolean(None),
            Kind::Int32 | Kind::DecimalInt32 => Bounds::Int32(None),
            Kind::Int64 | Kind::DecimalInt64 => Bounds::Int64(None),
            Kind::Float => Bounds::Float(None),
            Kind::Double => Bounds::Double(None),
            Kind::Text => Bounds::Texts(None),
            Kind::Fixed(_) | Kind::DecimalBytes(_) => Bounds::Fixed(None),
        };
        Self { kind, bounds, nans: 0 }
    }

    pub fn add(&mut self, values: &PageValues) {
        match (&mut self.bounds, values) {
            (Bounds::Boolean(held), PageValues::Bits(bits)) if !bits.is_empty() => {
                let ones = bits.count_set_bits();
                widen(held, Some((ones == bits.len(), ones > 0)), bool::cmp);
            }
            (Bounds::Int32(held), PageValues::Words32(words)) => widen(held, encodings::bounds_i32(words), i32::cmp),
            (Bounds::Int64(held), PageValues::Words64(words)) => widen(held, encodings::bounds_i64(words), i64::cmp),
            (Bounds::Float(held), PageValues::Words32(words)) => {
                widen_floats!(held, encodings::bounds_f32(words), self.nans);
            }
            (Bounds::Double(held), PageValues::Words64(words)) => {
                widen_floats!(held, encodings::bounds_f64(words), self.nans);
            }
            (Bounds::Texts(_), PageValues::Texts(offsets, data)) => {
                if let Some((min, max)) = encodings::bounds_texts(offsets, data) {
                    let text = |i: usize| &data[offsets[i] as usize..offsets[i + 1] as usize];
                    self.add_bytes(text(min));
                    self.add_bytes(text(max));
                }
            }
            (Bounds::Fixed(_), PageValues::Fixed(bytes, width)) => {
                bytes.chunks_exact((*width).max(1)).for_each(|value| self.add_bytes(value));
            }
            _ => {}
        }
    }

    /// A value of a text or of fixed bytes.
    pub fn add_bytes(&mut self, value: &[u8]) {
        let (Bounds::Texts(held) | Bounds::Fixed(held)) = &mut self.bounds else { return };
        let decimal = matches!(self.kind, Kind::DecimalBytes(_));
        let compare = |a: &[u8], b: &[u8]| if decimal { compare_decimals(a, b) } else { a.cmp(b) };
        match held {
            None => *held = Some((value.to_vec(), value.to_vec())),
            Some((min, _)) if compare(value, min).is_lt() => *min = value.to_vec(),
            Some((_, max)) if compare(value, max).is_gt() => *max = value.to_vec(),
            _ => {}
        }
    }

    pub fn finish(self, leaf: &ColumnDescriptor, nulls: u64, truncate: Option<usize>) -> Statistics {
        let signed = leaf.sort_order().is_signed();
        let nans = matches!(self.kind, Kind::Float | Kind::Double).then_some(self.nans);
        macro_rules! plain {
            ($kind:ident, $bounds:expr) => {{
                let (min, max) = $bounds.unzip();
                let nans = if min.is_some() { nans } else { None };
                let statistics = ValueStatistics::new(min, max, None, Some(nulls), false);
                Statistics::$kind(statistics.with_nan_count(nans).with_backwards_compatible_min_max(signed))
            }};
        }
        macro_rules! bytes {
            ($kind:ident, $type:ident, $bounds:expr) => {{
                let text = leaf.converted_type() == parquet::basic::ConvertedType::UTF8;
                let cut = truncate.filter(|_| !matches!(self.kind, Kind::DecimalBytes(_)));
                let (min, max) = $bounds.unzip();
                let min = min.map(|min| truncate::lower(&min, cut, text));
                let max = max.map(|max| truncate::upper(&max, cut, text));
                let exact = |bound: &Option<(Vec<u8>, bool)>| bound.as_ref().is_none_or(|(_, exact)| *exact);
                let (min_exact, max_exact) = (exact(&min), exact(&max));
                let of = |bound: Option<(Vec<u8>, bool)>| bound.map(|(bytes, _)| $type::from(ByteArray::from(bytes)));
                Statistics::$kind(
                    ValueStatistics::new(of(min), of(max), None, Some(nulls), false)
                        .with_backwards_compatible_min_max(signed)
                        .with_min_is_exact(min_exact)
                        .with_max_is_exact(max_exact),
                )
            }};
        }
        match self.bounds {
            Bounds::Boolean(bounds) => plain!(Boolean, bounds),
            Bounds::Int32(bounds) => plain!(Int32, bounds),
            Bounds::Int64(bounds) => plain!(Int64, bounds),
            Bounds::Float(bounds) => plain!(Float, bounds),
            Bounds::Double(bounds) => plain!(Double, bounds),
            Bounds::Texts(bounds) => bytes!(ByteArray, ByteArray, bounds),
            Bounds::Fixed(bounds) => bytes!(FixedLenByteArray, FixedLenByteArray, bounds),
        }
    }
}
