//! DELTA_BINARY_PACKED: differences of neighbours less the smallest of their block, in four parts of one width each.

use crate::bits::{Packed, pack32, varint, width, zigzag};

const MINIBLOCKS: usize = 4;

/// One block; the values from `used` on are zeros, and parts of those alone have no bytes.
fn block(smallest: i64, relative: &[u64], used: usize, out: &mut Vec<u8>) {
    zigzag(smallest, out);
    let length = relative.len() / MINIBLOCKS;
    let mut widths = [0u8; MINIBLOCKS];
    for (held, values) in widths.iter_mut().zip(relative.chunks_exact(length)) {
        *held = width(values.iter().fold(0, |all, value| all | value)) as u8;
    }
    out.extend_from_slice(&widths);
    let mut bytes: Packed = [0; 256];
    for (held, values) in widths.iter().zip(relative.chunks_exact(length)).take(used.div_ceil(length)) {
        let bits = usize::from(*held);
        for values in values.as_chunks::<32>().0 {
            pack32(values, bits, &mut bytes);
            out.extend_from_slice(&bytes[..4 * bits]);
        }
    }
}

macro_rules! delta {
    ($name:ident, $signed:ty, $unsigned:ty, $block:literal) => {
        /// All values, signed; differences wrap around.
        #[inline(never)]
        pub fn $name(values: &[$unsigned], out: &mut Vec<u8>) {
            const BLOCK: usize = $block;
            varint(BLOCK as u64, out);
            varint(MINIBLOCKS as u64, out);
            varint(values.len() as u64, out);
            let Some(first) = values.first() else {
                zigzag(0, out);
                return;
            };
            zigzag((*first as $signed).into(), out);
            out.reserve(values.len() * size_of::<$unsigned>() / 4);
            let mut relative = [0u64; BLOCK];
            let mut deltas = [0 as $signed; BLOCK];
            for (before, after) in values.chunks(BLOCK).zip(values[1..].chunks(BLOCK)) {
                let used = after.len();
                for ((delta, before), after) in deltas.iter_mut().zip(before).zip(after) {
                    *delta = after.wrapping_sub(*before) as $signed;
                }
                let smallest = deltas[..used].iter().copied().fold(<$signed>::MAX, <$signed>::min);
                for (relative, delta) in relative.iter_mut().zip(&deltas[..used]) {
                    *relative = delta.wrapping_sub(smallest) as $unsigned as u64;
                }
                relative[used..].fill(0);
                block(smallest.into(), &relative, used, out);
            }
        }
    };
}

delta!(delta32, i32, u32, 128);
delta!(delta64, i64, u64, 256);
