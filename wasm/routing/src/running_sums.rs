//! Lengths to ends.

/// Adds up lengths, each of which becomes the sum of all so far; answers the greatest. They are not negative, and their
/// sum fits.
pub fn sum_up(lengths: &mut [i32]) -> i32 {
    #[cfg(target_arch = "wasm32")]
    let (sum, greatest, lengths) = sum_up_fours(lengths);
    #[cfg(not(target_arch = "wasm32"))]
    let (sum, greatest) = (0, 0);
    let (mut sum, mut greatest) = (sum, greatest);
    for length in lengths {
        greatest = greatest.max(*length);
        sum += *length;
        *length = sum;
    }
    greatest
}

/// Four at a time; answers the sum, the greatest, and those that are left.
#[cfg(target_arch = "wasm32")]
#[target_feature(enable = "simd128")]
fn sum_up_fours(lengths: &mut [i32]) -> (i32, i32, &mut [i32]) {
    use core::arch::wasm32::*;
    let zero = i32x4_splat(0);
    let (mut sums, mut greatest) = (zero, zero);
    let (fours, rest) = lengths.as_chunks_mut::<4>();
    for four in fours {
        let four: *mut v128 = four.as_mut_ptr().cast();
        // SAFETY: four lengths are a vector.
        let own = unsafe { v128_load(four) };
        greatest = i32x4_max(greatest, own);
        let pairs = i32x4_add(own, i32x4_shuffle::<4, 0, 1, 2>(own, zero));
        let all = i32x4_add(pairs, i32x4_shuffle::<4, 4, 0, 1>(pairs, zero));
        let ends = i32x4_add(all, sums);
        sums = i32x4_shuffle::<3, 3, 3, 3>(ends, ends);
        // SAFETY: as above.
        unsafe { v128_store(four, ends) };
    }
    let greatest = i32x4_max(greatest, i32x4_shuffle::<2, 3, 0, 1>(greatest, greatest));
    let greatest = i32x4_extract_lane::<0>(greatest).max(i32x4_extract_lane::<1>(greatest));
    (i32x4_extract_lane::<0>(sums), greatest, rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_length_becomes_the_sum_so_far(lengths in prop::collection::vec(0..1_000, 0..20)) {
            let mut ends = lengths.clone();
            prop_assert_eq!(sum_up(&mut ends), lengths.iter().copied().max().unwrap_or(0));
            let sums = lengths.iter().scan(0, |sum, length| { *sum += length; Some(*sum) });
            prop_assert_eq!(ends, sums.collect::<Vec<_>>());
        }
    }
}
