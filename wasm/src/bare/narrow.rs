//! Buffers of columns made narrow: rows of one partition are much alike, and what is written has to be read again.

use arrow_buffer::Buffer;
use arrow_data::ArrayData;
use arrow_schema::DataType;
use icestream_encodings::{close64, close128, shared_ends, short_lengths, with_ends, without_ends};

/// The buffers of an array without an offset, of which the first is narrow; of texts, behind their bytes what all of
/// them begin and end with, where that is much. None: they cannot be narrow.
pub fn narrow(data: &ArrayData) -> Option<Vec<Buffer>> {
    Some(match data.data_type() {
        DataType::Int64 | DataType::Timestamp(..) | DataType::Time64(_) => {
            vec![Buffer::from_vec(close64(&data.buffer(0)[..data.len()])?)]
        }
        DataType::Decimal128(..) => vec![Buffer::from_vec(close128(&data.buffer(0)[..data.len()])?)],
        DataType::List(_) | DataType::Map(..) => vec![lengths(data)?],
        DataType::Utf8 | DataType::Binary => {
            let lengths = lengths(data)?;
            let values = &data.buffers()[1];
            let offsets = data.buffers()[0].typed_data();
            let one_length = (lengths.len() == 1).then(|| lengths[0].into());
            let (prefix, suffix) = shared_ends(offsets, values, one_length);
            if prefix + suffix < WORTHWHILE {
                return Some(vec![lengths, values.clone()]);
            }
            let own = Buffer::from_vec(without_ends(offsets, values, prefix, suffix));
            let end = *offsets.get(1)? as usize;
            let shared = [&[prefix as u8], &values[..prefix], &values[end - suffix..end]].concat();
            vec![lengths, own, Buffer::from_vec(shared)]
        }
        _ => return None,
    })
}

/// To put fewer bytes back to each text costs more than to write and read them.
const WORTHWHILE: usize = 4;

fn lengths(data: &ArrayData) -> Option<Buffer> {
    short_lengths(data.buffer::<i32>(0).get(..=data.len())?).map(Buffer::from_vec)
}

/// What the `count` texts of narrow buffers take. None: they are none.
pub fn wide_bytes(count: usize, buffers: &[Buffer]) -> Option<usize> {
    let [_, own, rest @ ..] = buffers else { return None };
    let shared = rest.first().map_or(Some(0), |shared| shared.len().checked_sub(1))?;
    Some(own.len() + count * shared)
}

/// Appends the `count` texts of narrow buffers. None: they are none.
pub fn widen_texts(out: &mut Vec<u8>, count: usize, buffers: &[Buffer]) -> Option<()> {
    let [lengths, own, rest @ ..] = buffers else { return None };
    let Some(shared) = rest.first() else {
        out.extend_from_slice(own);
        return Some(());
    };
    let (prefix, ends) = shared.split_first()?;
    with_ends((count, lengths), own, ends.split_at_checked((*prefix).into())?, out)
}
