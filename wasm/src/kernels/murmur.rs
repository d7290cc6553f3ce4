//! 32-bit Murmur3 (x86 variant, seed 0), the hash of Iceberg's bucket transform (spec, Appendix B).

const C1: u32 = 0xcc9e_2d51;
const C2: u32 = 0x1b87_3593;

fn scramble(k: u32) -> u32 {
    k.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2)
}

fn block(h: u32, k: u32) -> u32 {
    (h ^ scramble(k)).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
}

fn finish(mut h: u32, len: usize) -> i32 {
    h ^= len as u32;
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
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
