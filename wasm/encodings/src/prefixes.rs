//! DELTA_BYTE_ARRAY: of each byte string, what it shares with the one before it at its start, and the rest of it.

use crate::delta::delta32;

/// How many bytes `a` and `b` begin with alike.
fn shared(a: &[u8], b: &[u8]) -> usize {
    let (a_words, b_words) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    for (i, (a, b)) in a_words.iter().zip(b_words).enumerate() {
        let differ = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if differ != 0 {
            return 8 * i + differ.trailing_zeros() as usize / 8;
        }
    }
    let same = 8 * a_words.len().min(b_words.len());
    same + a[same..].iter().zip(&b[same..]).take_while(|(a, b)| a == b).count()
}

fn texts<'a>(offsets: &'a [u32], data: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    offsets.windows(2).map(|pair| &data[pair[0] as usize..pair[1] as usize])
}

/// Bytes that neighbours share at their starts, over all of them.
#[inline(never)]
pub fn shared_bytes(offsets: &[u32], data: &[u8]) -> usize {
    texts(offsets, data).zip(texts(offsets, data).skip(1)).map(|(a, b)| shared(a, b)).sum()
}

/// Text `i` is `data[offsets[i]..offsets[i + 1]]`.
#[inline(never)]
pub fn delta_texts(offsets: &[u32], data: &[u8], out: &mut Vec<u8>) {
    let count = offsets.len().saturating_sub(1);
    let (mut prefixes, mut suffixes) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let mut before: &[u8] = &[];
    for text in texts(offsets, data) {
        let prefix = shared(before, text);
        prefixes.push(prefix as u32);
        suffixes.push((text.len() - prefix) as u32);
        before = text;
    }
    delta32(&prefixes, out);
    delta32(&suffixes, out);
    out.reserve(suffixes.iter().map(|length| *length as usize).sum());
    for (text, prefix) in texts(offsets, data).zip(&prefixes) {
        out.extend_from_slice(&text[*prefix as usize..]);
    }
}
