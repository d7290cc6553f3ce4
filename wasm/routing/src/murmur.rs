//! 32-bit Murmur3 (x86 variant, seed 0), the hash of Iceberg's bucket transform (spec, Appendix B).

#[cfg(target_arch = "wasm32")]
use core::arch::wasm32::*;
#[cfg(target_arch = "wasm32")]
use std::hint::black_box;

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

/// What hashing four longs at once takes, each in a vector. Opaque: otherwise the compiler puts multiplications in the
/// place of shifts, and engines make a constant anew wherever it is used.
#[cfg(target_arch = "wasm32")]
#[derive(Clone, Copy)]
pub struct Constants {
    c1: v128,
    c2: v128,
    five: v128,
    added: v128,
    bytes: v128,
    f1: v128,
    f2: v128,
}

#[cfg(target_arch = "wasm32")]
impl Constants {
    #[target_feature(enable = "simd128")]
    pub fn new() -> Self {
        let wide = |n| u32x4_splat(black_box(n));
        Self {
            c1: wide(C1),
            c2: wide(C2),
            five: wide(5),
            added: wide(ADDED),
            bytes: wide(8),
            f1: wide(F1),
            f2: wide(F2),
        }
    }

    /// `hash_long` of four, whose low and high words these are.
    #[target_feature(enable = "simd128")]
    pub fn hash_longs(self, low: v128, high: v128) -> v128 {
        let rotated = |v, by: u32| v128_or(u32x4_shl(v, by), u32x4_shr(v, 32 - by));
        let scramble = |k| u32x4_mul(rotated(u32x4_mul(k, self.c1), 15), self.c2);
        let mixed = |h| u32x4_add(u32x4_mul(rotated(h, 13), self.five), self.added);
        let folded = |h, by: u32| v128_xor(h, u32x4_shr(h, by));
        let h = mixed(v128_xor(mixed(scramble(low)), scramble(high)));
        let h = folded(v128_xor(h, self.bytes), 16);
        folded(u32x4_mul(folded(u32x4_mul(h, self.f1), 13), self.f2), 16)
    }
}
