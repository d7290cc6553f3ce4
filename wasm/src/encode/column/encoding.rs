//! Which encoding values without a dictionary have, and how it is written.

use icestream_encodings as encodings;
use parquet::basic::Encoding;

use super::path::Kind;
use super::values::PageValues;

/// The one for all pages of a chunk; `values`: those of the first.
pub fn choose(kind: Kind, compact: bool, values: &PageValues) -> Encoding {
    match (kind, values) {
        _ if !compact => Encoding::PLAIN,
        (Kind::Float | Kind::Double, _) => Encoding::BYTE_STREAM_SPLIT,
        (_, PageValues::Words32(_) | PageValues::Words64(_)) => Encoding::DELTA_BINARY_PACKED,
        (_, PageValues::Texts(offsets, data)) => {
            // Whether neighbours share at least a third of their bytes.
            const SAMPLE: usize = 4096;
            let sample = &offsets[..offsets.len().min(SAMPLE + 1)];
            let total = sample.last().map_or(0, |last| (last - sample[0]) as usize);
            if total > 0 && encodings::shared_bytes(sample, data) * 3 >= total {
                Encoding::DELTA_BYTE_ARRAY
            } else {
                Encoding::DELTA_LENGTH_BYTE_ARRAY
            }
        }
        _ => Encoding::PLAIN,
    }
}

pub fn write(encoding: Encoding, values: &PageValues, out: &mut Vec<u8>) {
    match (values, encoding) {
        (PageValues::Bits(bits), _) => out.extend_from_slice(&bits.values()[..bits.len().div_ceil(8)]),
        (PageValues::Words32(words), Encoding::DELTA_BINARY_PACKED) => encodings::delta32(words, out),
        (PageValues::Words64(words), Encoding::DELTA_BINARY_PACKED) => encodings::delta64(words, out),
        (PageValues::Words32(words), Encoding::BYTE_STREAM_SPLIT) => encodings::split32(words, out),
        (PageValues::Words64(words), Encoding::BYTE_STREAM_SPLIT) => encodings::split64(words, out),
        (PageValues::Words32(words), _) => encodings::plain_words32(words, out),
        (PageValues::Words64(words), _) => encodings::plain_words64(words, out),
        (PageValues::Fixed(bytes, _), _) => out.extend_from_slice(bytes),
        (PageValues::Texts(offsets, data), Encoding::DELTA_BYTE_ARRAY) => encodings::delta_texts(offsets, data, out),
        (PageValues::Texts(offsets, data), Encoding::DELTA_LENGTH_BYTE_ARRAY) => {
            encodings::delta32(&encodings::lengths(offsets), out);
            if let (Some(first), Some(last)) = (offsets.first(), offsets.last()) {
                out.extend_from_slice(&data[*first as usize..*last as usize]);
            }
        }
        (PageValues::Texts(offsets, data), _) => encodings::plain_texts(offsets, data, out),
    }
}
