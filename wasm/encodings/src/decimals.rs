//! Decimals of 128 bits as the smaller integers that hold them.

/// As integers of 32 bits.
#[inline(never)]
pub fn narrow32(values: &[i128], out: &mut Vec<u32>) {
    out.extend(values.iter().map(|value| *value as u32));
}

/// As integers of 64 bits.
#[inline(never)]
pub fn narrow64(values: &[i128], out: &mut Vec<u64>) {
    out.extend(values.iter().map(|value| *value as u64));
}

/// As their last `width` bytes, the highest first.
#[inline(never)]
pub fn narrow_bytes(values: &[i128], width: usize, out: &mut Vec<u8>) {
    out.reserve(values.len() * width);
    for value in values {
        out.extend_from_slice(&value.to_be_bytes()[16 - width..]);
    }
}
