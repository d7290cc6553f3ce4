//! Plain byte arrays: each length is a place that the decoder adds up.

use parquet::errors::Result;

use super::page_check::bad;

/// A length that takes the sum past 32 bits would wrap around in wasm; one that is only too long the decoder finds, but
/// for values that it passes over (`skips`).
pub fn check_places(bytes: &[u8], values: usize, skips: bool) -> Result<()> {
    let mut at = 0;
    for _ in 0..values {
        let Some(length) = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) else {
            return if skips {
                Err(bad(format!("{} bytes are too few for {values} values", bytes.len())))
            } else {
                Ok(())
            };
        };
        let length = u32::from_le_bytes(*length);
        let end = at as u64 + 4 + u64::from(length);
        if end > if skips { bytes.len() as u64 } else { u64::from(u32::MAX) } {
            return Err(bad(format!("a value of {length} bytes in a page of {}", bytes.len())));
        }
        if end > bytes.len() as u64 {
            return Ok(());
        }
        at = end as usize;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_wrap_around_are_found() {
        let good = [1, 0, 0, 0, b'a', 0, 0, 0, 0, 2, 0, 0, 0, b'b', b'c'];
        assert!(check_places(&good, 3, true).is_ok());
        assert!(check_places(&good, 9, false).is_ok());
        assert!(check_places(&good, 9, true).is_err());
        for at in [3, 8, 12] {
            let mut bytes = good;
            bytes[at - 3..=at].fill(0xff);
            assert!(check_places(&bytes, 3, false).is_err());
            assert!(check_places(&bytes, 0, true).is_ok());
        }
        for cut in 0..good.len() {
            assert!(check_places(&good[..cut], 3, false).is_ok());
            assert!(check_places(&good[..cut], 3, true).is_err());
        }
    }
}
