//! A checksum over bytes as they come: xxHash64, many times as fast as a cryptographic hash.

use std::hash::Hasher;

use twox_hash::XxHash64;

pub struct Checksum(XxHash64);

impl Default for Checksum {
    fn default() -> Self {
        Self(XxHash64::with_seed(0))
    }
}

impl Checksum {
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    pub fn value(&self) -> u64 {
        self.0.finish()
    }
}

/// Of bytes that are there at once.
pub fn checksum(bytes: &[u8]) -> u64 {
    XxHash64::oneshot(0, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_xxhash64_however_the_bytes_are_cut() {
        let bytes: Vec<u8> = (0..1000_u32).map(|i| (i * 7) as u8).collect();
        let of = |step: usize| {
            let mut checksum = Checksum::default();
            bytes.chunks(step).for_each(|part| checksum.push(part));
            checksum.value()
        };
        assert!([1, 7, 32, 999, 1000].into_iter().all(|step| of(step) == checksum(&bytes)));
        assert_eq!(Checksum::default().value(), 0xef46_db37_51d8_e999);
    }
}
