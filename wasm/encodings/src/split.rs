//! BYTE_STREAM_SPLIT: the first bytes of all values, then the second ones, and so on.

/// Values of 8 bytes.
#[inline(never)]
pub fn split64(values: &[u64], out: &mut Vec<u8>) {
    let (start, count) = (out.len(), values.len());
    out.resize(start + 8 * count, 0);
    let out = &mut out[start..];
    let (eights, rest) = values.as_chunks::<8>();
    for (i, eight) in eights.iter().enumerate() {
        for (stream, bytes) in transposed(eight).iter().enumerate() {
            let at = stream * count + 8 * i;
            out[at..at + 8].copy_from_slice(&bytes.to_le_bytes());
        }
    }
    for (i, value) in rest.iter().enumerate() {
        for (stream, byte) in value.to_le_bytes().into_iter().enumerate() {
            out[stream * count + 8 * eights.len() + i] = byte;
        }
    }
}

/// Values of 4 bytes.
#[inline(never)]
pub fn split32(values: &[u32], out: &mut Vec<u8>) {
    let (start, count) = (out.len(), values.len());
    out.resize(start + 4 * count, 0);
    for (stream, bytes) in out[start..].chunks_exact_mut(count.max(1)).enumerate() {
        for (byte, value) in bytes.iter_mut().zip(values) {
            *byte = (value >> (8 * stream)) as u8;
        }
    }
}

/// Eight words of eight bytes as a matrix, its rows for its columns: by halves, quarters, and bytes.
fn transposed(words: &[u64; 8]) -> [u64; 8] {
    let mut m = *words;
    for (step, bits, low) in
        [(4, 32, 0x0000_0000_ffff_ffffu64), (2, 16, 0x0000_ffff_0000_ffff), (1, 8, 0x00ff_00ff_00ff_00ff)]
    {
        for i in (0..8).filter(|i| i & step == 0) {
            let (a, b) = (m[i], m[i + step]);
            m[i] = a & low | (b & low) << bits;
            m[i + step] = (a >> bits) & low | b & !low;
        }
    }
    m
}
