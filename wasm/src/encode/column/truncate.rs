//! Bounds of long values, cut to a length: a lower bound is a start of the least value, an upper one is more than any
//! value that begins with the start of the greatest.

/// A lower bound of at most `length` bytes where one is given, and whether it is the value itself. Of a `text` no
/// character is cut.
pub fn lower(value: &[u8], length: Option<usize>, text: bool) -> (Vec<u8>, bool) {
    let cut = length.filter(|length| value.len() > *length).and_then(|length| match str::from_utf8(value) {
        Ok(value) if text => (1..=length).rfind(|at| value.is_char_boundary(*at)),
        _ => Some(length),
    });
    (value[..cut.unwrap_or(value.len())].to_vec(), cut.is_none())
}

/// As `lower`, upwards.
pub fn upper(value: &[u8], length: Option<usize>, text: bool) -> (Vec<u8>, bool) {
    let cut = length.filter(|length| value.len() > *length).and_then(|length| match str::from_utf8(value) {
        Ok(value) if text => next_text(&value[..value.floor_char_boundary(length)]),
        _ => next_bytes(&value[..length]),
    });
    match cut {
        Some(bytes) => (bytes, false),
        None => (value.to_vec(), true),
    }
}

/// The last character that has a next one of its size becomes that one; what follows it is left out.
fn next_text(text: &str) -> Option<Vec<u8>> {
    text.char_indices().rev().find_map(|(at, last)| {
        let next = char::from_u32(last as u32 + 1).filter(|next| next.len_utf8() == last.len_utf8())?;
        Some(format!("{}{next}", &text[..at]).into_bytes())
    })
}

/// The last byte below 255 is raised; what follows it becomes 0.
fn next_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    let at = bytes.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut next = bytes.to_vec();
    next[at] += 1;
    next[at + 1..].fill(0);
    Some(next)
}
