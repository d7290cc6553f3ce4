//! The buckets of Iceberg's bucket transform.

#[cfg(target_arch = "wasm32")]
use std::hint::black_box;

#[cfg(target_arch = "wasm32")]
use super::murmur::Constants;
use super::murmur::hash_long;

/// The remainder of hashes by the number of buckets, without a division.
#[derive(Clone, Copy)]
pub struct Buckets {
    count: u32,
    /// 2^(31 + shift) / count, rounded up, where 2^shift is the count or more: near enough to give every quotient of
    /// numbers below 2^31. Below 2^32.
    reciprocal: u64,
    shift: u32,
}

impl Buckets {
    /// `count` is positive.
    pub fn new(count: i32) -> Self {
        let count = count as u32;
        let shift = count.next_power_of_two().ilog2();
        Self { count, reciprocal: (1u64 << (31 + shift)).div_ceil(u64::from(count)), shift }
    }

    pub fn count(self) -> u32 {
        self.count
    }

    /// The bucket of what has this hash.
    #[inline]
    pub fn of(self, hash: i32) -> u32 {
        let n = (hash & i32::MAX) as u32;
        let quotient = (u64::from(n) * self.reciprocal) >> (31 + self.shift);
        n - quotient as u32 * self.count
    }

    /// Adds the buckets of longs (or dates, times and timestamps as such).
    pub fn push_longs(self, values: &[i64], to: &mut Vec<u32>) {
        #[cfg(target_arch = "wasm32")]
        let values = if self.count > 1 { self.push_eights(values, to) } else { values };
        to.extend(values.iter().map(|value| self.of(hash_long(*value))));
    }

    /// Eight at a time, in half the time; answers those that are left. There are two buckets or more.
    #[cfg(target_arch = "wasm32")]
    #[target_feature(enable = "simd128")]
    fn push_eights<'a>(self, values: &'a [i64], to: &mut Vec<u32>) -> &'a [i64] {
        use core::arch::wasm32::*;
        let (count, reciprocal) = (u32x4_splat(self.count), u32x4_splat(self.reciprocal as u32));
        let (constants, positive) = (Constants::new(), u32x4_splat(black_box(i32::MAX as u32)));
        let buckets_of = |four: &[i64; 4], reciprocal| {
            let four: *const v128 = four.as_ptr().cast();
            // SAFETY: two vectors are four longs.
            let (ab, cd) = unsafe { (v128_load(four), v128_load(four.add(1))) };
            let low = u32x4_shuffle::<0, 2, 4, 6>(ab, cd);
            let high = u32x4_shuffle::<1, 3, 5, 7>(ab, cd);
            let n = v128_and(constants.hash_longs(low, high), positive);
            let high_halves = u32x4_shuffle::<1, 3, 5, 7>(
                u64x2_extmul_low_u32x4(n, reciprocal),
                u64x2_extmul_high_u32x4(n, reciprocal),
            );
            u32x4_sub(n, u32x4_mul(u32x4_shr(high_halves, self.shift - 1), count))
        };
        let (fours, _) = values.as_chunks::<4>();
        let (eights, _) = fours.as_chunks::<2>();
        to.reserve(values.len());
        for [left, right] in eights {
            // Otherwise the compiler widens it before the loop, and multiplies 64 bits by 64.
            let reciprocal = black_box(reciprocal);
            let (left, right) = (buckets_of(left, reciprocal), buckets_of(right, reciprocal));
            // SAFETY: there is room for all values.
            unsafe {
                let end = to.as_mut_ptr().add(to.len());
                v128_store(end.cast(), left);
                v128_store(end.add(4).cast(), right);
                to.set_len(to.len() + 8);
            }
        }
        &values[8 * eights.len()..]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_bucket_is_the_remainder(n in 0..=i32::MAX, count in 1..=i32::MAX, small in 1..2_000) {
            for count in [count, small, 1, 2, i32::MAX, i32::MAX - 1, 1 << 30] {
                let edge = n - n % count;
                for n in [n, edge, (edge - 1).max(0), i32::MAX] {
                    prop_assert_eq!(Buckets::new(count).of(n), (n % count) as u32);
                    prop_assert_eq!(Buckets::new(count).of(n | i32::MIN), (n % count) as u32);
                }
            }
        }

        #[test]
        fn longs_have_the_buckets_of_their_hashes(values in prop::collection::vec(any::<i64>(), 0..20), count in 1..=i32::MAX) {
            let buckets = Buckets::new(count);
            let mut all = vec![7];
            buckets.push_longs(&values, &mut all);
            let each = values.iter().map(|value| buckets.of(hash_long(*value)));
            prop_assert_eq!(all, [7].into_iter().chain(each).collect::<Vec<_>>());
        }
    }
}
