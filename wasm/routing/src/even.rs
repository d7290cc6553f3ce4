//! Values that are all as long: identifiers, hashes, vectors. What is said of their lengths need not be read again.

/// The length of all values; None: they differ, or there are none. The offsets of each piece never decrease.
pub fn one_length(offsets: &[&[i32]]) -> Option<i32> {
    let first = offsets.iter().find(|o| o.len() > 1)?;
    let length = first[1] - first[0];
    // What differs mostly shows at the ends.
    let ends_fit = |o: &&[i32]| {
        let values = o.len() as i64 - 1;
        i64::from(o[o.len() - 1]) - i64::from(o[0]) == i64::from(length) * values
    };
    (offsets.iter().all(ends_fit) && offsets.iter().all(|o| are_apart(o, length))).then_some(length)
}

/// Whether each offset is so much more than the one before it.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
fn are_apart(offsets: &[i32], length: i32) -> bool {
    let (mut expected, mut differing) = (offsets[0], 0);
    for offset in offsets {
        differing |= offset ^ expected;
        expected = expected.wrapping_add(length);
    }
    differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_length_is_that_of_every_value() {
        assert_eq!(one_length(&[&[2, 5, 8], &[7], &[0, 3]]), Some(3));
        assert_eq!(one_length(&[&[1, 1, 1]]), Some(0));
        assert_eq!(one_length(&[&[9]]), None);
        assert_eq!(one_length(&[&[0, 3, 6], &[0, 4]]), None);
        // One is shorter, another longer.
        assert_eq!(one_length(&[&[0, 3, 5, 9]]), None);
    }
}
