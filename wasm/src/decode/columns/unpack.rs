//! Packed integers, the least significant bit first.

/// What packed integers become.
pub trait Lane: Copy + Default {
    fn of(value: u64) -> Self;
    /// Eight one-bit values.
    fn bits(byte: u8) -> [Self; 8];
}

impl Lane for u8 {
    fn of(value: u64) -> Self {
        value as u8
    }

    fn bits(byte: u8) -> [u8; 8] {
        // Bit i to where it is in byte i, then down to the lowest.
        let apart = u64::from(byte).wrapping_mul(0x0101_0101_0101_0101) & 0x8040_2010_0804_0201;
        ((apart + 0x7f7f_7f7f_7f7f_7f7f) >> 7 & 0x0101_0101_0101_0101).to_le_bytes()
    }
}

impl Lane for u32 {
    fn of(value: u64) -> Self {
        value as u32
    }

    fn bits(byte: u8) -> [u32; 8] {
        std::array::from_fn(|at| u32::from(byte >> at & 1))
    }
}

/// Fills `out` with integers of `width` bits from the first bit of `bytes`, which has all of them.
pub fn unpack<T: Lane>(bytes: &[u8], width: usize, out: &mut [T]) {
    match width {
        0 => out.fill(T::default()),
        1 => {
            let (whole, rest) = out.as_chunks_mut::<8>();
            for (eight, byte) in whole.iter_mut().zip(bytes) {
                *eight = T::bits(*byte);
            }
            let last = bytes.get(whole.len()).copied().unwrap_or_default();
            rest.copy_from_slice(&T::bits(last)[..rest.len()]);
        }
        2..=8 => groups::<T, 8>(bytes, width, out),
        9..=16 => groups::<T, 4>(bytes, width, out),
        17..=30 => groups::<T, 2>(bytes, width, out),
        _ => groups::<T, 1>(bytes, width, out),
    }
}

/// `N` values at a time from 64 bits, of which they must not need more than begin with their byte.
fn groups<T: Lane, const N: usize>(bytes: &[u8], width: usize, out: &mut [T]) {
    let mask = (1u64 << width) - 1;
    let mut bit = 0;
    let (whole, rest) = out.as_chunks_mut::<N>();
    for group in whole {
        let held = word(bytes, bit / 8) >> (bit % 8);
        *group = std::array::from_fn(|at| T::of(held >> (at * width) & mask));
        bit += N * width;
    }
    let mut held = word(bytes, bit / 8) >> (bit % 8);
    for value in rest {
        *value = T::of(held & mask);
        held >>= width;
    }
}

/// Eight bytes, zeros where there are none.
fn word(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.first_chunk::<8>() {
        Some(whole) => u64::from_le_bytes(*whole),
        None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_and_count_gives_back_what_was_packed() {
        for width in 0..=32usize {
            for count in [0, 1, 5, 8, 9, 64, 67] {
                let value = |at: usize| (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 13 & ((1 << width) - 1);
                let mut bytes = vec![0u8; (count * width).div_ceil(8)];
                for bit in (0..count * width).filter(|bit| value(bit / width) >> (bit % width) & 1 == 1) {
                    bytes[bit / 8] |= 1 << (bit % 8);
                }
                let mut out = vec![7u32; count];
                unpack(&bytes, width, &mut out);
                assert!(out.iter().enumerate().all(|(at, got)| u64::from(*got) == value(at)), "{width} {count}");
                if width <= 8 {
                    let mut out = vec![7u8; count];
                    unpack(&bytes, width, &mut out);
                    assert!(out.iter().enumerate().all(|(at, got)| u64::from(*got) == value(at)), "{width} {count}");
                }
            }
        }
    }
}
