//! Columns of several records as one array, each value moved once.

use arrow_buffer::{ArrowNativeType, BooleanBufferBuilder, Buffer};
use arrow_data::{ArrayData, ArrayDataBuilder};
use arrow_schema::DataType;
use icestream_encodings::{ROOM_BEHIND, ends_of_lengths, far64, far128};

use super::narrow::{wide_bytes, widen_texts};

/// A column of a record, or a child of one, as its bytes lie there.
pub struct Stored {
    pub length: usize,
    pub nulls: Option<Buffer>,
    /// Whether the buffers are what `narrow` made of them.
    pub is_narrow: bool,
    pub buffers: Vec<Buffer>,
    pub children: Vec<Stored>,
}

/// Types of the arrays inside of an array.
pub fn children(data_type: &DataType) -> Vec<&DataType> {
    match data_type {
        DataType::List(field) | DataType::Map(field, _) => vec![field.data_type()],
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type()).collect(),
        _ => Vec::new(),
    }
}

/// The values of all parts, one after the other. None: they are not of this type.
pub fn join(data_type: &DataType, parts: &[&Stored]) -> Option<ArrayData> {
    let length = parts.iter().map(|part| part.length).sum();
    let mut data = ArrayDataBuilder::new(data_type.clone()).len(length).null_bit_buffer(nulls(parts, length)?);
    match data_type {
        DataType::Null | DataType::Struct(_) => {}
        DataType::Boolean => data = data.add_buffer(bits(parts, length, |part| part.buffers.first())?),
        DataType::Utf8 | DataType::Binary => {
            data = data.add_buffer(offsets(parts, length)?).add_buffer(texts(parts)?);
        }
        DataType::List(_) | DataType::Map(..) => data = data.add_buffer(offsets(parts, length)?),
        DataType::Int64 | DataType::Timestamp(..) | DataType::Time64(_) => {
            data = data.add_buffer(numbers(parts, length, far64)?);
        }
        DataType::Decimal128(..) => data = data.add_buffer(numbers(parts, length, far128)?),
        _ => data = data.add_buffer(bytes(parts)?),
    }
    for (at, child) in children(data_type).into_iter().enumerate() {
        let parts = parts.iter().map(|part| part.children.get(at)).collect::<Option<Vec<_>>>()?;
        data = data.add_child_data(join(child, &parts)?);
    }
    // SAFETY: `read` looks at the sizes of all; that values are what their type says was seen when they were written,
    // and the checksum says that they are the same.
    Some(unsafe { data.align_buffers(true).build_unchecked() })
}

/// Of a single part the buffer itself, where it is as it was: its rows may be large.
fn only<'a>(parts: &[&'a Stored], at: usize) -> Option<&'a Buffer> {
    match parts {
        [part] if !part.is_narrow => part.buffers.get(at),
        _ => None,
    }
}

fn nulls(parts: &[&Stored], length: usize) -> Option<Option<Buffer>> {
    if parts.iter().all(|part| part.nulls.is_none()) {
        return Some(None);
    }
    bits(parts, length, |part| part.nulls.as_ref()).map(Some)
}

/// Bits of all parts; where one has none, they are set.
fn bits<'a>(parts: &[&'a Stored], length: usize, of: impl Fn(&'a Stored) -> Option<&'a Buffer>) -> Option<Buffer> {
    let mut out = BooleanBufferBuilder::new(length);
    for part in parts {
        match of(part) {
            Some(bits) => out.append_packed_range(0..part.length, bits.get(..part.length.div_ceil(8))?),
            None => out.append_n(part.length, true),
        }
    }
    Some(out.finish().into_inner())
}

fn bytes(parts: &[&Stored]) -> Option<Buffer> {
    if let Some(only) = only(parts, 0) {
        return Some(only.clone());
    }
    let all = parts.iter().map(|part| part.buffers.first()).collect::<Option<Vec<_>>>()?;
    let mut out = Vec::with_capacity(all.iter().map(|buffer| buffer.len()).sum());
    all.iter().for_each(|buffer| out.extend_from_slice(buffer));
    Some(Buffer::from_vec(out))
}

fn texts(parts: &[&Stored]) -> Option<Buffer> {
    if let Some(only) = only(parts, 1) {
        return Some(only.clone());
    }
    let bytes = |part: &&Stored| {
        if part.is_narrow { wide_bytes(part.length, &part.buffers) } else { part.buffers.get(1).map(Buffer::len) }
    };
    // Exactly: what grew to the double would stay half empty.
    let mut out = Vec::with_capacity(parts.iter().map(bytes).sum::<Option<usize>>()? + ROOM_BEHIND);
    for part in parts {
        match part.is_narrow {
            true => widen_texts(&mut out, part.length, &part.buffers)?,
            false => out.extend_from_slice(part.buffers.get(1)?),
        }
    }
    Some(Buffer::from_vec(out))
}

type Widen<T> = fn(&[u32], usize, &mut Vec<T>) -> Option<()>;

fn numbers<T: ArrowNativeType>(parts: &[&Stored], length: usize, widen: Widen<T>) -> Option<Buffer> {
    if let Some(only) = only(parts, 0) {
        return Some(only.clone());
    }
    let mut out = Vec::with_capacity(length);
    for part in parts {
        let buffer = part.buffers.first()?;
        match part.is_narrow {
            true => widen(buffer.typed_data(), part.length, &mut out)?,
            false => out.extend_from_slice(buffer.typed_data().get(..part.length)?),
        }
    }
    Some(Buffer::from_vec(out))
}

/// Each part's begin with 0, and end where its values end.
fn offsets(parts: &[&Stored], length: usize) -> Option<Buffer> {
    if let Some(only) = only(parts, 0) {
        return Some(only.clone());
    }
    let mut out = Vec::with_capacity(length + 1);
    out.push(0);
    for part in parts {
        let buffer = part.buffers.first()?;
        if part.is_narrow {
            ends_of_lengths(buffer, part.length, &mut out)?;
        } else {
            let before = *out.last()?;
            out.extend(buffer.typed_data::<i32>().get(1..=part.length)?.iter().map(|end| before + end));
        }
    }
    Some(Buffer::from_vec(out))
}
