//! How many compressed bytes of each column chunk are held at a time.

/// A request for so few more bytes costs less than another request.
pub const TAIL_BYTES: u64 = 64 << 10;

/// Divides `budget` over chunks: small ones get all that they have, the others their part by size, so that their
/// windows hold about the same rows and they ask for more together.
pub fn windows(chunks: &[u64], budget: u64) -> Vec<u64> {
    let mut by_size: Vec<usize> = (0..chunks.len()).collect();
    by_size.sort_by_key(|at| chunks[*at]);
    let mut windows = vec![0; chunks.len()];
    let mut left = budget;
    for (done, at) in by_size.iter().enumerate() {
        let rest = &by_size[done..];
        if chunks[*at] <= left / rest.len() as u64 {
            windows[*at] = chunks[*at];
            left -= chunks[*at];
            continue;
        }
        let total: u64 = rest.iter().map(|at| chunks[*at]).sum();
        for at in rest {
            windows[*at] = (u128::from(left) * u128::from(chunks[*at]) / u128::from(total.max(1))) as u64;
        }
        break;
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_chunks_are_whole_and_large_ones_share_what_is_left() {
        assert_eq!(windows(&[10, 20, 30], 60), [10, 20, 30]);
        assert_eq!(windows(&[300, 10, 100], 90), [60, 10, 20]);
        assert!(windows(&[], 60).is_empty());
        assert_eq!(windows(&[0, 5], 0), [0, 0]);
    }
}
