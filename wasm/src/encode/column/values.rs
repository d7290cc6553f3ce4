//! Values of a leaf: where they are in memory, and those of a page one after the other.

use std::borrow::Cow;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, Buffer, ScalarBuffer};
use icestream_encodings as encodings;

use super::path::Kind;

/// Values of a chunk of rows, by slot.
pub enum LeafValues {
    Bits(BooleanBuffer),
    Words32(ScalarBuffer<u32>),
    Words64(ScalarBuffer<u64>),
    Decimals(ScalarBuffer<i128>),
    Fixed(Buffer),
    /// Where each text begins and the last one ends, and their bytes.
    Texts(ScalarBuffer<u32>, Buffer),
}

impl LeafValues {
    pub fn of(kind: Kind, array: &ArrayRef) -> Self {
        if kind == Kind::Boolean {
            return Self::Bits(array.as_boolean().values().clone());
        }
        let data = array.to_data();
        let (start, count) = (data.offset(), data.len());
        let buffer = |at: usize| data.buffers()[at].clone();
        match kind {
            Kind::Int32 | Kind::Float => Self::Words32(ScalarBuffer::new(buffer(0), start, count)),
            Kind::DecimalInt32 | Kind::DecimalInt64 | Kind::DecimalBytes(_) => {
                Self::Decimals(ScalarBuffer::new(buffer(0), start, count))
            }
            Kind::Fixed(width) => Self::Fixed(buffer(0).slice_with_length(start * width, count * width)),
            Kind::Text => Self::Texts(ScalarBuffer::new(buffer(0), start, count + 1), buffer(1)),
            _ => Self::Words64(ScalarBuffer::new(buffer(0), start, count)),
        }
    }

    pub fn text_bytes(&self, slots: Range<usize>) -> usize {
        match self {
            Self::Texts(offsets, _) if !slots.is_empty() => (offsets[slots.end] - offsets[slots.start]) as usize,
            _ => 0,
        }
    }
}

/// Values of a page, as they are written.
pub enum PageValues<'a> {
    /// So many bits from the first one; those behind the last are zero.
    Bits(BooleanBuffer),
    Words32(Cow<'a, [u32]>),
    Words64(Cow<'a, [u64]>),
    Fixed(Cow<'a, [u8]>, usize),
    /// As `LeafValues::Texts`.
    Texts(Cow<'a, [u32]>, Cow<'a, [u8]>),
}

/// Slots of a chunk's values.
pub type Part<'a> = (&'a LeafValues, Vec<Range<usize>>);

/// Those of one run of slots are where they were.
fn joined<'a, T: Copy>(parts: &[Part<'a>], of: impl Fn(&'a LeafValues) -> &'a [T], width: usize) -> Cow<'a, [T]> {
    let mut runs = parts.iter().flat_map(|(values, slots)| {
        let held = of(values);
        slots.iter().map(move |run| &held[run.start * width..run.end * width])
    });
    match (runs.next(), runs.next()) {
        (None, _) => Cow::Borrowed(&[]),
        (Some(only), None) => Cow::Borrowed(only),
        (Some(first), Some(second)) => {
            let mut all = Vec::with_capacity(count(parts) * width);
            all.extend_from_slice(first);
            all.extend_from_slice(second);
            runs.for_each(|run| all.extend_from_slice(run));
            Cow::Owned(all)
        }
    }
}

impl<'a> PageValues<'a> {
    pub fn of(kind: Kind, parts: &[Part<'a>]) -> Self {
        match kind {
            Kind::Boolean => Self::Bits(bits(parts)),
            Kind::Int32 | Kind::Float => Self::Words32(joined(parts, words32, 1)),
            Kind::Int64 | Kind::Double => Self::Words64(joined(parts, words64, 1)),
            Kind::Fixed(width) => Self::Fixed(joined(parts, fixed, width), width),
            Kind::Text => texts(parts),
            Kind::DecimalInt32 => {
                let mut words = Vec::with_capacity(count(parts));
                decimals(parts).for_each(|run| encodings::narrow32(run, &mut words));
                Self::Words32(words.into())
            }
            Kind::DecimalInt64 => {
                let mut words = Vec::with_capacity(count(parts));
                decimals(parts).for_each(|run| encodings::narrow64(run, &mut words));
                Self::Words64(words.into())
            }
            Kind::DecimalBytes(width) => {
                let mut bytes = Vec::with_capacity(count(parts) * width);
                decimals(parts).for_each(|run| encodings::narrow_bytes(run, width, &mut bytes));
                Self::Fixed(bytes.into(), width)
            }
        }
    }
}

fn words32(values: &LeafValues) -> &[u32] {
    if let LeafValues::Words32(words) = values { words } else { &[] }
}

fn words64(values: &LeafValues) -> &[u64] {
    if let LeafValues::Words64(words) = values { words } else { &[] }
}

fn fixed(values: &LeafValues) -> &[u8] {
    if let LeafValues::Fixed(bytes) = values { bytes } else { &[] }
}

/// Runs of decimals.
fn decimals<'a>(parts: &[Part<'a>]) -> impl Iterator<Item = &'a [i128]> {
    parts.iter().flat_map(|(values, slots)| {
        let held: &[i128] = if let LeafValues::Decimals(held) = values { held } else { &[] };
        slots.iter().map(move |run| &held[run.clone()])
    })
}

fn count(parts: &[Part]) -> usize {
    parts.iter().flat_map(|(_, slots)| slots).map(Range::len).sum()
}

pub fn text_bytes(parts: &[Part]) -> usize {
    parts.iter().flat_map(|(values, slots)| slots.iter().map(|run| values.text_bytes(run.clone()))).sum()
}

fn bits(parts: &[Part]) -> BooleanBuffer {
    let mut bits = BooleanBufferBuilder::new(count(parts));
    for (values, slots) in parts {
        let LeafValues::Bits(held) = values else { continue };
        for run in slots {
            bits.append_buffer(&held.slice(run.start, run.len()));
        }
    }
    bits.finish()
}

fn texts<'a>(parts: &[Part<'a>]) -> PageValues<'a> {
    if let [(LeafValues::Texts(offsets, data), slots)] = parts
        && let [run] = slots.as_slice()
    {
        return PageValues::Texts(Cow::Borrowed(&offsets[run.start..=run.end]), Cow::Borrowed(data));
    }
    let (mut all_offsets, mut all) = (Vec::with_capacity(1 + count(parts)), Vec::with_capacity(text_bytes(parts)));
    all_offsets.push(0);
    for (values, slots) in parts {
        let LeafValues::Texts(offsets, data) = values else { continue };
        for run in slots.iter().filter(|run| !run.is_empty()) {
            let offsets = &offsets[run.start..=run.end];
            let start = all.len() as u32;
            all_offsets.extend(offsets[1..].iter().map(|offset| start + (offset - offsets[0])));
            all.extend_from_slice(&data[offsets[0] as usize..offsets[offsets.len() - 1] as usize]);
        }
    }
    PageValues::Texts(all_offsets.into(), all.into())
}
