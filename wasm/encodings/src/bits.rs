//! Integers of a fixed width, the least significant bit first.

/// Bytes of 32 integers of 64 bits.
pub type Packed = [u8; 256];

/// Packs values of at most `width` bits into the first `4 * width` bytes of `out`.
pub fn pack32(values: &[u64; 32], width: usize, out: &mut Packed) {
    macro_rules! widths {
        ($($width:literal)*) => {
            match width {
                $($width => pack::<$width>(values, out),)*
                _ => {}
            }
        };
    }
    widths!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
        33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64);
}

/// With the width known, all places and shifts are constants.
fn pack<const WIDTH: usize>(values: &[u64; 32], out: &mut Packed) {
    let words = out.as_chunks_mut::<8>().0;
    let mut held = 0u64;
    for (i, value) in values.iter().enumerate() {
        let (word, shift) = (i * WIDTH / 64, i * WIDTH % 64);
        held |= value << shift;
        if shift + WIDTH >= 64 {
            words[word] = held.to_le_bytes();
            held = if shift + WIDTH > 64 { value >> (64 - shift) } else { 0 };
        }
    }
    if WIDTH % 2 == 1 {
        words[WIDTH / 2] = held.to_le_bytes();
    }
}

/// Bits that `value` needs.
pub fn width(value: u64) -> usize {
    64 - value.leading_zeros() as usize
}

/// An unsigned LEB128 integer.
pub fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub fn zigzag(value: i64, out: &mut Vec<u8>) {
    varint((value << 1 ^ value >> 63) as u64, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_holds_its_values_in_order() {
        for bits in 0..=64usize {
            let mask = if bits == 64 { u64::MAX } else { (1 << bits) - 1 };
            let values: [u64; 32] = std::array::from_fn(|i| (i as u64 + 3).wrapping_mul(0x9e37_79b9_7f4a_7c15) & mask);
            let mut out = [0xff; 256];
            pack32(&values, bits, &mut out);
            for (i, value) in values.iter().enumerate() {
                for bit in 0..bits {
                    let at = i * bits + bit;
                    assert_eq!(out[at / 8] >> (at % 8) & 1, (value >> bit & 1) as u8, "{bits} {i} {bit}");
                }
            }
        }
    }
}
