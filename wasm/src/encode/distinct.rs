//! Counts distinct values up to a limit, to decide on a dictionary before encoding. The count is of 64-bit hashes with
//! a fixed key: two values with one hash make the count one too low, which no decision here turns on.

/// A full set means: more distinct values than a dictionary should have.
pub struct DistinctUpTo {
    slots: Vec<u64>,
    mask: usize,
    count: usize,
    limit: usize,
    bytes: usize,
    byte_limit: usize,
}

/// One to one. Products of 64 bits: wider ones are function calls in wasm.
fn mix(value: u64) -> u64 {
    const ODD: u64 = 0xd6e8_feb8_6659_fd93;
    let mut mixed = value ^ 0x9e37_79b9_7f4a_7c15;
    for _ in 0..2 {
        mixed = (mixed ^ (mixed >> 32)).wrapping_mul(ODD);
    }
    mixed ^ (mixed >> 32)
}

pub fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut chunks = bytes.chunks_exact(8);
    let mut hash = bytes.len() as u64;
    for chunk in &mut chunks {
        let word = u64::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3], chunk[4], chunk[5], chunk[6], chunk[7]]);
        hash = mix(hash.rotate_left(23) ^ word);
    }
    let mut tail = [0; 8];
    tail[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    mix(hash.rotate_left(23) ^ u64::from_le_bytes(tail))
}

impl DistinctUpTo {
    /// At most `limit` values of at most `byte_limit` bytes together.
    pub fn new(limit: usize, byte_limit: usize) -> Self {
        let size = (limit * 2).max(16).next_power_of_two();
        Self { slots: vec![0; size], mask: size - 1, count: 0, limit, bytes: 0, byte_limit }
    }

    /// False: over a limit, stop.
    pub fn insert_word(&mut self, value: u64, bytes: usize) -> bool {
        self.insert_hash(mix(value), bytes)
    }

    pub fn insert_bytes(&mut self, value: &[u8]) -> bool {
        self.insert_hash(hash_bytes(value), value.len() + 4)
    }

    fn insert_hash(&mut self, hash: u64, bytes: usize) -> bool {
        // 0 marks a free slot.
        let hash = hash.max(1);
        let mut at = hash as usize & self.mask;
        loop {
            match self.slots[at] {
                0 => break,
                held if held == hash => return true,
                _ => at = (at + 1) & self.mask,
            }
        }
        self.count += 1;
        self.bytes += bytes;
        if self.count > self.limit || self.bytes > self.byte_limit {
            return false;
        }
        self.slots[at] = hash;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_at_the_limit_and_not_before() {
        let mut set = DistinctUpTo::new(100, 1 << 20);
        for round in 0..3 {
            assert!((0..100).all(|i| set.insert_word(i, 8)), "round {round}");
        }
        assert!(!set.insert_word(100, 8));
        let mut set = DistinctUpTo::new(100, 20);
        assert!(set.insert_bytes(b"0123456789"));
        assert!(set.insert_bytes(b"0123456789"));
        assert!(!set.insert_bytes(b"012345678"));
    }

    #[test]
    fn near_values_do_not_collide() {
        let mut hashes: Vec<u64> = (0..200_000u64).map(mix).collect();
        hashes.extend((0..200_000u32).map(|i| hash_bytes(format!("user-{i}").as_bytes())));
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 400_000);
    }
}
