//! Bytes as hexadecimal digits, and back.

/// Two lower-case digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    push_hex(&mut text, bytes);
    text
}

/// Appends what `hex` gives.
pub fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.reserve(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// The byte of two digits, in either case.
pub fn byte([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |character| char::from(character).to_digit(16).map(|digit| digit as u8);
    Some(digit(high)? << 4 | digit(low)?)
}

/// The bytes of a UUID: 32 digits, with hyphens at 8-4-4-4-12 or without any.
pub fn uuid(text: &[u8]) -> Option<[u8; 16]> {
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];
    let mut digits = [0; 32];
    match text.len() {
        36 if HYPHENS.iter().all(|at| text[*at] == b'-') => {
            let others = text.iter().enumerate().filter(|(at, _)| !HYPHENS.contains(at));
            digits.iter_mut().zip(others).for_each(|(digit, (_, other))| *digit = *other);
        }
        32 => digits.copy_from_slice(text),
        _ => return None,
    }
    let mut out = [0; 16];
    for (out, pair) in out.iter_mut().zip(digits.as_chunks::<2>().0) {
        *out = byte(*pair)?;
    }
    Some(out)
}
