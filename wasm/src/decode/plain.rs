//! Plain byte arrays: each length is a place that the decoder adds up.

use parquet::errors::Result;

use super::page_check::{Lengths, bad};

/// A length that takes the sum past 32 bits would wrap around in wasm; one that is only too long the decoder finds, but
/// for values that it passes over (`skips`). Answers where the values end.
pub fn check_places(bytes: &[u8], values: usize, skips: bool, lengths: &Lengths) -> Result<usize> {
    let mut at = 0;
    for _ in 0..values {
        let Some(length) = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) else {
            return if skips {
                Err(bad(format!("{} bytes are too few for {values} values", bytes.len())))
            } else {
                Ok(bytes.len())
            };
        };
        let length = u32::from_le_bytes(*length);
        let end = at as u64 + 4 + u64::from(length);
        if end > if skips { bytes.len() as u64 } else { u64::from(u32::MAX) } {
            return Err(bad(format!("a value of {length} bytes in a page of {}", bytes.len())));
        }
        if end > bytes.len() as u64 {
            return Ok(bytes.len());
        }
        lengths.check(length)?;
        at = end as usize;
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_wrap_around_are_found() {
        let good = [1, 0, 0, 0, b'a', 0, 0, 0, 0, 2, 0, 0, 0, b'b', b'c'];
        assert!(check_places(&good, 3, true, &Lengths::ANY).is_ok());
        assert!(check_places(&good, 9, false, &Lengths::ANY).is_ok());
        assert!(check_places(&good, 9, true, &Lengths::ANY).is_err());
        for at in [3, 8, 12] {
            let mut bytes = good;
            bytes[at - 3..=at].fill(0xff);
            assert!(check_places(&bytes, 3, false, &Lengths::ANY).is_err());
            assert!(check_places(&bytes, 0, true, &Lengths::ANY).is_ok());
        }
        for cut in 0..good.len() {
            assert!(check_places(&good[..cut], 3, false, &Lengths::ANY).is_ok());
            assert!(check_places(&good[..cut], 3, true, &Lengths::ANY).is_err());
        }
    }

    #[test]
    fn decimals_have_as_many_bytes_as_they_may() {
        let of = |length: u8| [&[length, 0, 0, 0][..], &vec![0; usize::from(length)]].concat();
        for (length, fits) in [(0, false), (1, true), (16, true), (17, false)] {
            assert_eq!(check_places(&of(length), 1, false, &Lengths::up_to(16)).is_ok(), fits, "{length}");
        }
        // Behind the values there may be anything.
        assert!(check_places(&[of(2), of(17)].concat(), 1, false, &Lengths::up_to(16)).is_ok());
    }
}
