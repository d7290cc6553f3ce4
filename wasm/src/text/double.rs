//! The double nearest to digits and a power of ten, for those that are not far from 1 (Eisel-Lemire: "Number Parsing at a
//! Gigabyte per Second", and Clinger's short way).

/// Beyond this `1/10^scale` needs more bits than are kept here.
const MAX_SCALE: usize = 27;

/// `5^-scale` as 128 bits of which the highest is set, rounded up.
const RECIPROCALS: [u128; MAX_SCALE + 1] = {
    let mut all = [0; MAX_SCALE + 1];
    let (mut scale, mut power) = (0, 1u64);
    while scale < all.len() {
        // 2^(bits + 127) / 5^scale, bit by bit, where 2^bits is the power or more.
        let bits = u64::BITS - (power - 1).leading_zeros();
        let (mut quotient, mut remainder, mut step) = (0u128, 1u64, 0);
        if power == 1 {
            (quotient, remainder) = (1, 0);
        }
        while step < bits + 127 {
            quotient <<= 1;
            remainder <<= 1;
            if remainder >= power {
                remainder -= power;
                quotient |= 1;
            }
            step += 1;
        }
        all[scale] = if power == 1 { quotient } else { quotient + 1 };
        power = power.wrapping_mul(5);
        scale += 1;
    }
    all
};

/// Bits of a double's fraction.
const FRACTION_BITS: u32 = 52;

/// The double nearest to `digits / 10^scale`, ties to even; None: not known here.
#[inline]
pub fn nearest(digits: u64, scale: u32) -> Option<f64> {
    /// Powers of ten that a double holds exactly.
    const EXACT: [f64; 23] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ];
    if digits <= 1 << 53
        && let Some(power) = EXACT.get(scale as usize)
    {
        // Both are exact, so that one rounding is left. Signed numbers are quicker to convert.
        return Some(digits as i64 as f64 / power);
    }
    rounded(digits, scale)
}

fn rounded(digits: u64, scale: u32) -> Option<f64> {
    let reciprocal = *RECIPROCALS.get(scale as usize)?;
    if digits == 0 {
        return Some(0.0);
    }
    let zeros = digits.leading_zeros();
    let digits = digits << zeros;
    // The highest 64 bits of the product say the double, unless those that decide on rounding are all ones.
    let product = u128::from(digits) * (reciprocal >> 64);
    let (mut high, mut low) = ((product >> 64) as u64, product as u64);
    if high & 0x1ff == 0x1ff {
        let (sum, carry) = low.overflowing_add(((u128::from(digits) * u128::from(reciprocal as u64)) >> 64) as u64);
        low = sum;
        high += u64::from(carry);
    }
    let upper = (high >> 63) as u32;
    let shift = upper + 64 - FRACTION_BITS - 3;
    let mut fraction = high >> shift;
    // floor(log2(10^-scale)), from the power down to -27.
    let power = -((217_706 * scale as i64 + 0xffff) >> 16);
    let mut exponent = power + 63 + i64::from(upper) - i64::from(zeros) + 1_023;
    // Halfway between two doubles, exactly: to the even one.
    if low <= 1 && scale <= 4 && fraction & 3 == 1 && fraction << shift == high {
        fraction &= !1;
    }
    fraction = (fraction + (fraction & 1)) >> 1;
    if fraction >= 2 << FRACTION_BITS {
        fraction = 1 << FRACTION_BITS;
        exponent += 1;
    }
    let fraction = fraction & !(1 << FRACTION_BITS);
    Some(f64::from_bits(fraction | (exponent as u64) << FRACTION_BITS))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(digits: u64, scale: u32) {
        let wanted: f64 = format!("{digits}e-{scale}").parse().unwrap();
        let found = rounded(digits, scale).unwrap();
        assert_eq!(found.to_bits(), wanted.to_bits(), "{digits}e-{scale}: {found:?}, not {wanted:?}");
        assert_eq!(nearest(digits, scale).unwrap().to_bits(), wanted.to_bits(), "{digits}e-{scale}");
    }

    #[test]
    fn edges_are_those_of_the_standard_library() {
        for scale in 0..=MAX_SCALE as u32 {
            for near in [0, 1, 1 << 52, 1 << 53, 1 << 54, 1 << 62, 1 << 63, u64::MAX, 10u64.pow(18), 10u64.pow(19)] {
                for step in 0..2_000 {
                    check(near.saturating_add(step), scale);
                    check(near.saturating_sub(step), scale);
                }
            }
        }
        assert_eq!(rounded(1, MAX_SCALE as u32 + 1), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn the_nearest_double_is_that_of_the_standard_library(digits in any::<u64>(), cut in 0u32..64, scale in 0..=MAX_SCALE as u32) {
            check(digits >> cut, scale);
        }

        #[test]
        fn halves_between_two_doubles_go_to_the_even_one(fraction in 1u64 << 52..1 << 53, scale in 0u32..5, shift in 1u32..8) {
            // (fraction + 1/2) * 2^shift over a power of five, where it still fits.
            let half = (2 * fraction + 1) << (shift - 1);
            if let Some(digits) = half.checked_mul(5u64.pow(scale)) {
                for digits in [digits - 1, digits, digits.saturating_add(1)] {
                    check(digits, scale);
                }
            }
        }

        #[test]
        fn a_double_that_was_written_reads_back(value in 1e-6f64..1e12) {
            let text = value.to_string();
            let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
            if let Ok(digits) = format!("{whole}{rest}").parse::<u64>() {
                prop_assert_eq!(nearest(digits, rest.len() as u32), Some(value));
            }
        }
    }
}
