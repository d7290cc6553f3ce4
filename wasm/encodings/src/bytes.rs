//! PLAIN: values as they are.

/// Values of 4 bytes.
#[inline(never)]
pub fn plain_words32(values: &[u32], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + 4 * values.len(), 0);
    for (place, value) in out[start..].as_chunks_mut::<4>().0.iter_mut().zip(values) {
        *place = value.to_le_bytes();
    }
}

/// Values of 8 bytes.
#[inline(never)]
pub fn plain_words64(values: &[u64], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + 8 * values.len(), 0);
    for (place, value) in out[start..].as_chunks_mut::<8>().0.iter_mut().zip(values) {
        *place = value.to_le_bytes();
    }
}

/// Byte strings, each after its length. Text `i` is `data[offsets[i]..offsets[i + 1]]`.
#[inline(never)]
pub fn plain_texts(offsets: &[u32], data: &[u8], out: &mut Vec<u8>) {
    let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else { return };
    out.reserve((last - first) as usize + 4 * (offsets.len() - 1));
    for pair in offsets.windows(2) {
        out.extend_from_slice(&(pair[1] - pair[0]).to_le_bytes());
        out.extend_from_slice(&data[pair[0] as usize..pair[1] as usize]);
    }
}

/// The lengths of byte strings.
#[inline(never)]
pub fn lengths(offsets: &[u32]) -> Vec<u32> {
    offsets.windows(2).map(|pair| pair[1] - pair[0]).collect()
}
