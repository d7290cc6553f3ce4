//! 32-bit Murmur3 (x86 variant, seed 0), the hash of Iceberg's bucket transform (spec, Appendix B).

const C1: u32 = 0xcc9e_2d51;
const C2: u32 = 0x1b87_3593;
const ADDED: u32 = 0xe654_6b64;
const F1: u32 = 0x85eb_ca6b;
const F2: u32 = 0xc2b2_ae35;

fn scramble(k: u32) -> u32 {
    k.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2)
}

fn block(h: u32, k: u32) -> u32 {
    (h ^ scramble(k)).rotate_left(13).wrapping_mul(5).wrapping_add(ADDED)
}

fn finish(mut h: u32, len: usize) -> i32 {
    h ^= len as u32;
    h = (h ^ (h >> 16)).wrapping_mul(F1);
    h = (h ^ (h >> 13)).wrapping_mul(F2);
    (h ^ (h >> 16)) as i32
}

/// Hash of an int, long, date, time or timestamp: all as 8 little-endian bytes.
pub fn hash_long(v: i64) -> i32 {
    finish(block(block(0, v as u32), (v >> 32) as u32), 8)
}

pub fn hash_bytes(bytes: &[u8]) -> i32 {
    let (words, tail) = bytes.as_chunks::<4>();
    let mut h = words.iter().fold(0, |h, w| block(h, u32::from_le_bytes(*w)));
    let byte = |i: usize| u32::from(tail[i]) << (8 * i);
    h ^= match tail.len() {
        1 => scramble(byte(0)),
        2 => scramble(byte(0) | byte(1)),
        3 => scramble(byte(0) | byte(1) | byte(2)),
        _ => 0,
    };
    finish(h, bytes.len())
}

/// `hash_long` of four, whose low and high words these are.
#[cfg(target_arch = "wasm32")]
#[target_feature(enable = "simd128")]
pub fn hash_longs(low: core::arch::wasm32::v128, high: core::arch::wasm32::v128) -> core::arch::wasm32::v128 {
    use core::arch::wasm32::*;
    let rotated = |v, by: u32| v128_or(u32x4_shl(v, by), u32x4_shr(v, 32 - by));
    let times = |v, by: u32| u32x4_mul(v, u32x4_splat(by));
    let scramble = |k| times(rotated(times(k, C1), 15), C2);
    let block = |h, k| {
        let h = rotated(v128_xor(h, scramble(k)), 13);
        u32x4_add(u32x4_add(u32x4_shl(h, 2), h), u32x4_splat(ADDED))
    };
    let folded = |h, by: u32| v128_xor(h, u32x4_shr(h, by));
    let h = v128_xor(block(block(u32x4_splat(0), low), high), u32x4_splat(8));
    folded(times(folded(times(folded(h, 16), F1), 13), F2), 16)
}
